{{- /* The Pod that makes buckets; its script too, so that whatever changes is part of the Job's name. */ -}}
{{- define "object-store.buckets" -}}
{{ include "sluice.pod" (list . (include "sluice.account" .) 65532) }}
restartPolicy: OnFailure
containers:
  - name: buckets
    image: {{ include "sluice.image" (list . .Values.buckets.image) }}
    imagePullPolicy: {{ .Values.buckets.image.pullPolicy }}
    command: [python, /etc/sluice/files/buckets.py]
    args: {{- toYaml .Values.buckets.names | nindent 6 }}
    env:
      - {name: S3_ENDPOINT, value: "http://{{ include "sluice.fullname" . }}:8333"}
      - {name: AWS_DEFAULT_REGION, value: {{ .Values.region }}}
      {{- include "object-store.keys" . | nindent 6 }}
    resources: {{- toYaml .Values.buckets.resources | nindent 6 }}
    securityContext: {{- include "sluice.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - {name: files, mountPath: /etc/sluice/files, readOnly: true}
      - {name: tmp, mountPath: /tmp}
volumes:
  - name: files
    configMap: {name: {{ include "sluice.fullname" . }}}
  - name: tmp
    emptyDir: {}
{{- end }}
