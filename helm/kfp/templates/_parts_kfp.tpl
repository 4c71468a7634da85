{{- /* Names of Services and ConfigMaps are those that Kubeflow's programs have built in; so there is
       one release per namespace. */ -}}

{{- /* kfp.meta (list $ NAME): metadata of an object, with the label by which its Pods are found. */ -}}
{{- define "kfp.meta" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "sluice.labels" $root | nindent 2 }}
  app: {{ index . 1 }}
{{- end }}

{{- define "kfp.selector" -}}
{{- $root := index . 0 -}}
{{ include "sluice.selector" $root }}
app: {{ index . 1 }}
{{- end }}

{{- define "kfp.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "sluice.podLabels" $root }}
app: {{ index . 1 }}
{{- end }}

{{- define "kfp.pod" -}}
{{- $root := index . 0 -}}
metadata:
  labels: {{- include "kfp.podLabels" . | nindent 4 }}
  {{- with $root.Values.pod.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "kfp.databaseHost" -}}
{{ default (printf "%s-mysql" (include "sluice.fullname" .)) (tpl .Values.database.host .) }}
{{- end }}

{{- define "kfp.databaseSecret" -}}
{{ default (printf "%s-mysql" (include "sluice.fullname" .)) (tpl .Values.database.existingSecret .) }}
{{- end }}

{{- define "kfp.artifactHost" -}}
{{ required "kfp: artifacts.host: name the object store" (tpl .Values.artifacts.host .) }}
{{- end }}

{{- define "kfp.artifactSecret" -}}
{{ required "kfp: artifacts.credentials.name: name the Secret with the object store's keys" (tpl .Values.artifacts.credentials.name .) }}
{{- end }}

{{- /* kfp.artifactAddress: host and port, as seen from every namespace where runs happen. */ -}}
{{- define "kfp.artifactAddress" -}}
{{- $host := include "kfp.artifactHost" . -}}
{{ $host }}{{ if not (contains "." $host) }}.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}{{ end }}:{{ .Values.artifacts.port | int }}
{{- end }}

{{- define "kfp.artifactEndpoint" -}}
{{ .Values.artifacts.secure | ternary "https" "http" }}://{{ include "kfp.artifactAddress" . }}
{{- end }}

{{- define "kfp.serviceAccount" -}}
{{- $root := index . 0 -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "kfp.meta" . | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{- /* kfp.role (list $ NAME RULES): a Role and its binding to the ServiceAccount of that name. */ -}}
{{- define "kfp.role" -}}
{{- $root := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{- include "kfp.meta" . | nindent 2 }}
rules: {{- index . 2 | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{- include "kfp.meta" . | nindent 2 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ index . 1 }}}
subjects:
  - {kind: ServiceAccount, name: {{ index . 1 }}, namespace: {{ $root.Release.Namespace }}}
{{- end }}

{{- define "kfp.service" -}}
{{- $root := index . 0 -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ index . 1 }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
spec:
  selector: {{- include "kfp.selector" (list $root (index . 2)) | nindent 4 }}
  ports:
    {{- range $name, $port := index . 3 }}
    - {name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }}}
    {{- end }}
{{- end }}

{{- /* kfp.apiToken: token and certificate for the API server, at the usual place. */ -}}
{{- define "kfp.apiTokenMount" -}}
- {name: api-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}

{{- define "kfp.container" -}}
{{- $root := index . 0 }}{{- $image := index . 1 -}}
image: {{ include "sluice.image" (list $root $image) }}
imagePullPolicy: {{ $image.pullPolicy }}
securityContext: {{- include "sluice.containerSecurity" $root | nindent 2 }}
{{- end }}

{{- /* kfp.logKeyFormat: where Argo puts logs, and the pages look for them; Argo fills it in. */ -}}
{{- define "kfp.logKeyFormat" -}}
private-artifacts/{{ "{{workflow.namespace}}/{{workflow.name}}/{{pod.name}}" }}
{{- end }}
