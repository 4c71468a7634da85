{{- /* What is scraped. Every series gets the namespace and the Pod it comes from: gates rely on it. */ -}}
{{- define "prometheus.discovery" -}}
kubernetes_sd_configs:
  - role: pod
    namespaces:
      names: {{ default (list .Release.Namespace) .Values.namespaces | toJson }}
{{- end }}

{{- define "prometheus.labels" -}}
- {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
- {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
- {source_labels: [__meta_kubernetes_pod_container_name], target_label: container}
- {source_labels: [__meta_kubernetes_pod_phase], regex: Succeeded|Failed, action: drop}
{{- end }}

{{- define "prometheus.config" -}}
global:
  scrape_interval: {{ .Values.scrapeInterval }}
  scrape_timeout: {{ .Values.scrapeTimeout }}
  evaluation_interval: 15s
rule_files: [/etc/prometheus/rules/*.yaml]
{{- with .Values.alertmanagers }}
alerting:
  alertmanagers:
    - static_configs:
        - targets: {{ toJson . }}
{{- end }}
scrape_configs:
  {{- if eq .Values.discovery "pods" }}
  {{- include "prometheus.jobs" . | nindent 2 }}
  {{- end }}
  {{- with .Values.extraScrapeConfigs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "prometheus.jobs" -}}
# Pods of Sluice name the port to read in an annotation
- job_name: sluice
  {{- include "prometheus.discovery" . | nindent 2 }}
  relabel_configs:
    - {source_labels: [__meta_kubernetes_pod_annotationpresent_sluice_dev_scrape], regex: "true", action: keep}
    - {source_labels: [__meta_kubernetes_pod_annotation_sluice_dev_scrape], target_label: __meta_kubernetes_pod_container_port_name, action: keepequal}
    {{- include "prometheus.labels" . | nindent 4 }}
# Seldon Core 2: the agent counts requests by model, ...
- job_name: seldon-agents
  {{- include "prometheus.discovery" . | nindent 2 }}
  relabel_configs:
    - {source_labels: [__meta_kubernetes_pod_labelpresent_seldon_server_name], regex: "true", action: keep}
    - {source_labels: [__meta_kubernetes_pod_container_name, __meta_kubernetes_pod_container_port_number], regex: agent;9006, action: keep}
    {{- include "prometheus.labels" . | nindent 4 }}
# ... and our runtime by revision
- job_name: seldon-models
  {{- include "prometheus.discovery" . | nindent 2 }}
  relabel_configs:
    - {source_labels: [__meta_kubernetes_pod_labelpresent_seldon_server_name], regex: "true", action: keep}
    - {source_labels: [__meta_kubernetes_pod_container_name, __meta_kubernetes_pod_container_port_number], regex: mlserver;9500, action: keep}
    - {source_labels: [__meta_kubernetes_pod_ip], regex: (.+), target_label: __address__, replacement: "$1:8082"}
    {{- include "prometheus.labels" . | nindent 4 }}
# Seldon Core 1: the executor of each predictor
- job_name: seldon-executors
  metrics_path: /prometheus
  {{- include "prometheus.discovery" . | nindent 2 }}
  relabel_configs:
    - {source_labels: [__meta_kubernetes_pod_container_name, __meta_kubernetes_pod_container_port_name], regex: seldon-container-engine;metrics, action: keep}
    {{- include "prometheus.labels" . | nindent 4 }}
{{- end }}
