{{- define "postgresql.secret" -}}
{{- $root := index . 0 }}{{- $name := index . 1 }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
type: Opaque
data:
  password: {{ include "sluice.kept" (list $root $name "password" 32) }}
{{- end }}
