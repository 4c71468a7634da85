{{- /* What all charts share. Each has a copy, so that each can be installed alone. */ -}}

{{- define "sluice.fullname" -}}
{{- default (printf "%s-%s" .Release.Name .Chart.Name) .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/part-of: sluice
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* sluice.podLabels: labels of a Pod. Versions are left out, or every release would start it anew. */ -}}
{{- define "sluice.podLabels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/part-of: sluice
{{- with .Values.pod.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* sluice.image (list $ IMAGE): its whole name; global.imageRegistry wins over its own registry. */ -}}
{{- define "sluice.image" -}}
{{- $root := index . 0 }}{{- $image := index . 1 }}
{{- with default $image.registry (($root.Values.global).imageRegistry) }}{{ . }}/{{ end }}
{{- $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- /* sluice.pod (list $ ACCOUNT UID): what every Pod of ours has. No service links: SLUICE_LEDGER_PORT
       and the like would be taken for settings. */ -}}
{{- define "sluice.pod" -}}
{{- $root := index . 0 }}{{- $user := default $root.Values.pod.runAsUser (index . 2) | int }}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat $root.Values.imagePullSecrets (default list (($root.Values.global).imagePullSecrets)) | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $user }}
  runAsGroup: {{ $user }}
  fsGroup: {{ $user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $root.Values.pod }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "sluice.account" -}}
{{- default (include "sluice.fullname" .) ((.Values.serviceAccount).name) -}}
{{- end }}

{{- /* sluice.serviceAccount: the object; Pods that ask the API server mount its token themselves. */ -}}
{{- define "sluice.serviceAccount" -}}
{{- if dig "create" true (default dict .Values.serviceAccount) }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "sluice.account" . }}
  namespace: {{ .Release.Namespace }}
  labels: {{- include "sluice.labels" . | nindent 4 }}
  {{- with (.Values.serviceAccount).annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{- /* sluice.kept (list $ SECRET KEY LENGTH): what the Secret holds, or new letters; encoded. */ -}}
{{- define "sluice.kept" -}}
{{- $root := index . 0 }}
{{- $there := lookup "v1" "Secret" $root.Release.Namespace (index . 1) }}
{{- $value := get (default dict $there.data) (index . 2) }}
{{- default (randAlphaNum (index . 3) | b64enc) $value -}}
{{- end }}

{{- /* sluice.claim (list $ NAME PERSISTENCE): a claim that helm uninstall leaves. */ -}}
{{- define "sluice.claim" -}}
{{- $root := index . 0 }}{{- $wish := index . 2 }}
{{- if and $wish.enabled (not $wish.existingClaim) }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ index . 1 }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ $wish.accessMode }}]
  {{- with default (($root.Values.global).storageClass) $wish.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ $wish.size }}
{{- end }}
{{- end }}

{{- /* sluice.volume (list NAME CLAIM PERSISTENCE): the volume that goes with it. */ -}}
{{- define "sluice.volume" -}}
{{- $wish := index . 2 -}}
name: {{ index . 0 }}
{{- if $wish.enabled }}
persistentVolumeClaim:
  claimName: {{ default (index . 1) $wish.existingClaim }}
{{- else }}
emptyDir: {}
{{- end }}
{{- end }}

{{- /* sluice.networkPolicy (list $ PORTS): who may reach these ports of the chart's Pods. */ -}}
{{- define "sluice.networkPolicy" -}}
{{- $root := index . 0 }}
{{- if $root.Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "sluice.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "sluice.selector" $root | nindent 6 }}
  policyTypes: [Ingress{{ if $root.Values.networkPolicy.egressPorts }}, Egress{{ end }}]
  ingress:
    - from: {{- toYaml $root.Values.networkPolicy.sources | nindent 8 }}
      ports:
        {{- range index . 1 }}
        - {protocol: TCP, port: {{ . }}}
        {{- end }}
  {{- with $root.Values.networkPolicy.egressPorts }}
  egress:
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
        {{- range . }}
        - {protocol: TCP, port: {{ . | int }}}
        {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* sluice.service (list $ PORTS): one Service; PORTS maps names to numbers. */ -}}
{{- define "sluice.service" -}}
{{- $root := index . 0 -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sluice.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
spec:
  selector: {{- include "sluice.selector" $root | nindent 4 }}
  ports:
    {{- range $name, $port := index . 1 }}
    - {name: {{ $name }}, port: {{ $port | int }}, targetPort: {{ $name }}}
    {{- end }}
{{- end }}

{{- /* sluice.monitor (list $ PORT): a ServiceMonitor, where one is wished. */ -}}
{{- define "sluice.monitor" -}}
{{- $root := index . 0 }}
{{- with $root.Values.serviceMonitor }}{{- if .enabled }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "sluice.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "sluice.labels" $root | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels: {{- include "sluice.selector" $root | nindent 6 }}
  endpoints:
    - {port: {{ index $ 1 }}, interval: {{ .interval }}}
{{- end }}{{- end }}
{{- end }}

{{- /* sluice.budget (list $ REPLICAS LABELS): what a drain of nodes must leave of the Pods with these labels,
       where there is more than one. */ -}}
{{- define "sluice.budget" -}}
{{- $root := index . 0 }}
{{- if and $root.Values.disruptionBudget.enabled (gt (int (index . 1)) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "sluice.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "sluice.labels" $root | nindent 4 }}
spec:
  maxUnavailable: {{ $root.Values.disruptionBudget.maxUnavailable }}
  selector:
    matchLabels: {{- index . 2 | nindent 6 }}
{{- end }}
{{- end }}

{{- /* sluice.annotations (list $ PORT): of a Pod; PORT is the name of the port that Prometheus reads. */ -}}
{{- define "sluice.annotations" -}}
{{- $root := index . 0 -}}
{{- with index . 1 -}}
sluice.dev/scrape: {{ . }}
{{- end }}
{{- with $root.Values.pod.annotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* sluice.apiToken: the volume with a token for the API server, which renews itself. Only Pods that
       ask the API server mount it. */ -}}
{{- define "sluice.apiToken" -}}
- name: api-token
  projected:
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3600}
      - configMap:
          name: kube-root-ca.crt
          items: [{key: ca.crt, path: ca.crt}]
      - downwardAPI:
          items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]
{{- end }}
