{{- define "postgresql.mounts" -}}
- {name: data, mountPath: /var/lib/postgresql/data}
- {name: socket, mountPath: /var/run/postgresql}
- {name: tmp, mountPath: /tmp}
- {name: shared-memory, mountPath: /dev/shm}
- {name: files, mountPath: /etc/sluice/files, readOnly: true}
{{- end }}
