{{- /* Every setting becomes the variable of its name; texts may hold templates, lists are joined. */ -}}
{{- define "operator.environment" -}}
- name: SLUICE_IDENTITY
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: SLUICE_LEASE_NAMESPACE
  value: {{ .Release.Namespace }}
- name: SLUICE_LEASE_NAME
  value: {{ include "sluice.fullname" . }}
{{- range $name, $value := .Values.settings }}
{{- $text := kindIs "slice" $value | ternary (join "," (kindIs "slice" $value | ternary $value list)) (toString $value) }}
{{- if $text }}
- name: SLUICE_{{ snakecase $name | upper }}
  value: {{ tpl $text $ | quote }}
{{- end }}
{{- end }}
{{- if .Values.ledgerToken.existingSecret }}
- name: SLUICE_LEDGER_TOKEN_FILE
  value: /etc/sluice/ledger/token
{{- end }}
{{- end }}
