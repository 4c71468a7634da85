{{- /* Parts of a Pod of model servers; Seldon merges them by name into those of the ServerConfig. */ -}}
{{- define "seldon.pod" -}}
{{- with concat .Values.imagePullSecrets (default list ((.Values.global).imagePullSecrets)) | uniq -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{ end -}}
# else SLUICE_LEDGER_PORT and the like would be taken for settings
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.pod.runAsUser | int }}
  runAsGroup: {{ .Values.pod.runAsUser | int }}
  fsGroup: {{ .Values.pod.runAsUser | int }}
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "seldon.mlserver" -}}
name: mlserver
image: {{ include "sluice.image" (list . .Values.server.image) }}
imagePullPolicy: {{ .Values.server.image.pullPolicy }}
env:
  # serves every package with our runtime, whatever a file in the bucket asks for
  - {name: MLSERVER_MODEL_REPOSITORY_IMPLEMENTATION, value: sluice_serving.repository.PackageRepository}
  - {name: MLSERVER_PARALLEL_WORKERS, value: "0"}
  - {name: MLSERVER_HTTP_PORT, value: "9000"}
  - {name: MLSERVER_GRPC_PORT, value: "9500"}
  - {name: MLSERVER_METRICS_PORT, value: "8082"}
  - {name: MLSERVER_MODELS_DIR, value: /mnt/agent/models}
  - {name: MLSERVER_LOAD_MODELS_AT_STARTUP, value: "false"}
  - {name: SLUICE_SPOOL, value: /var/lib/sluice/spool}
  {{- if .Values.ledgerToken.existingSecret }}
  - {name: SLUICE_LEDGER_TOKEN_FILE, value: /etc/sluice/ledger/token}
  {{- end }}
ports:
  - {name: server-http, containerPort: 9000}
  - {name: server-grpc, containerPort: 9500}
  - {name: server-metrics, containerPort: 8082}
startupProbe:
  httpGet: {path: /v2/health/live, port: server-http}
  periodSeconds: 3
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /v2/health/live, port: server-http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /v2/health/live, port: server-http}
  periodSeconds: 5
  timeoutSeconds: 5
resources: {{- toYaml .Values.server.resources | nindent 2 }}
securityContext: {{- include "sluice.containerSecurity" . | nindent 2 }}
volumeMounts:
  - {name: mlserver-models, mountPath: /mnt/agent}
  - {name: spool, mountPath: /var/lib/sluice/spool}
  - {name: tmp, mountPath: /tmp}
  {{- if .Values.ledgerToken.existingSecret }}
  - {name: ledger-token, mountPath: /etc/sluice/ledger, readOnly: true}
  {{- end }}
{{- end }}

{{- define "seldon.packages" -}}
{{- with .Values.packages -}}
# rclone's remote `s3`
- {name: RCLONE_CONFIG_S3_TYPE, value: s3}
- {name: RCLONE_CONFIG_S3_PROVIDER, value: {{ empty .endpoint | ternary "AWS" "Other" }}}
- {name: RCLONE_CONFIG_S3_REGION, value: {{ .region }}}
{{- if .endpoint }}
- {name: RCLONE_CONFIG_S3_ENDPOINT, value: {{ tpl .endpoint $ | quote }}}
{{- end }}
{{- if .credentials.name }}
- name: RCLONE_CONFIG_S3_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ tpl .credentials.name $ }}, key: {{ .credentials.accessKey }}}}
- name: RCLONE_CONFIG_S3_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ tpl .credentials.name $ }}, key: {{ .credentials.secretKey }}}}
{{- else }}
- {name: RCLONE_CONFIG_S3_ENV_AUTH, value: "true"}
{{- end }}
{{- end }}
{{- end }}

{{- define "seldon.volumes" -}}
- name: spool
  emptyDir: {sizeLimit: {{ .Values.server.spoolSize }}}
- name: tmp
  emptyDir: {}
{{- with .Values.ledgerToken }}{{- if .existingSecret }}
- name: ledger-token
  secret:
    secretName: {{ tpl .existingSecret $ }}
    items: [{key: {{ .key }}, path: token}]
{{- end }}{{- end }}
{{- end }}

{{- /* Every series gets the namespace and the Pod it comes from: gates rely on it. */ -}}
{{- define "seldon.scraped" -}}
- {sourceLabels: [__meta_kubernetes_namespace], targetLabel: namespace}
- {sourceLabels: [__meta_kubernetes_pod_name], targetLabel: pod}
- {sourceLabels: [__meta_kubernetes_pod_container_name], targetLabel: container}
{{- end }}
