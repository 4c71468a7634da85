{{- define "object-store.credentials" -}}
{{ tpl (default (include "sluice.fullname" .) .Values.credentials.name) . }}
{{- end }}

{{- /* The two keys as variables of the names that every S3 client knows. */ -}}
{{- define "object-store.keys" -}}
{{- $name := include "object-store.credentials" . -}}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ $name }}, key: {{ .Values.credentials.accessKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $name }}, key: {{ .Values.credentials.secretKey }}}}
{{- end }}
