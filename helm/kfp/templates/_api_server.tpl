{{- define "kfp.apiServerEnvironment" -}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- {name: CLUSTER_DOMAIN, value: {{ .Values.clusterDomain }}}
- {name: LOG_LEVEL, value: info}
- {name: PIPELINE_LOG_LEVEL, value: "1"}
- {name: PUBLISH_LOGS, value: "true"}
- {name: AUTO_UPDATE_PIPELINE_DEFAULT_VERSION, value: "true"}
- {name: CACHEENABLED, value: {{ .Values.caching | toString | quote }}}
- {name: DB_DRIVER_NAME, value: mysql}
- {name: DBCONFIG_CONMAXLIFETIME, value: 120s}
- {name: DBCONFIG_MYSQLCONFIG_HOST, value: {{ include "kfp.databaseHost" . }}}
- {name: DBCONFIG_MYSQLCONFIG_PORT, value: {{ .Values.database.port | toString | quote }}}
- {name: DBCONFIG_MYSQLCONFIG_DBNAME, value: {{ .Values.database.pipelinesName }}}
- {name: DBCONFIG_MYSQLCONFIG_USER, value: {{ .Values.database.user }}}
- name: DBCONFIG_MYSQLCONFIG_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "kfp.databaseSecret" . }}, key: password}}
- {name: OBJECTSTORECONFIG_HOST, value: {{ include "kfp.artifactHost" . }}}
- {name: OBJECTSTORECONFIG_PORT, value: {{ .Values.artifacts.port | toString | quote }}}
- {name: OBJECTSTORECONFIG_SECURE, value: {{ .Values.artifacts.secure | toString | quote }}}
- {name: OBJECTSTORECONFIG_REGION, value: {{ .Values.artifacts.region }}}
- {name: OBJECTSTORECONFIG_BUCKETNAME, value: {{ .Values.artifacts.bucket }}}
- name: OBJECTSTORECONFIG_ACCESSKEY
  valueFrom: {secretKeyRef: {name: {{ include "kfp.artifactSecret" . }}, key: {{ .Values.artifacts.credentials.accessKey }}}}
- name: OBJECTSTORECONFIG_SECRETACCESSKEY
  valueFrom: {secretKeyRef: {name: {{ include "kfp.artifactSecret" . }}, key: {{ .Values.artifacts.credentials.secretKey }}}}
- {name: V2_DRIVER_IMAGE, value: {{ include "sluice.image" (list . .Values.images.driver) }}}
- {name: V2_LAUNCHER_IMAGE, value: {{ include "sluice.image" (list . .Values.images.launcher) }}}
# without both it ends at its start, though version 2 pipelines never ask that service
- {name: ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST, value: unused}
- {name: ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT, value: "8888"}
{{- end }}
