{{- /* As Kong's chart: names in upper case, texts quoted, maps as they are, and so a text that contains "valueFrom". */ -}}
{{- $all := dict }}
{{- range $key, $value := .Values.env }}{{ $_ := set $all (upper $key | printf "KONG_%s") $value }}{{ end }}
{{- range $key, $value := .Values.customEnv }}{{ $_ := set $all (upper $key) $value }}{{ end -}}
env:
{{- range $name := keys $all | sortAlpha }}
{{- $value := get $all $name }}
  - name: {{ $name }}
{{- if kindIs "map" $value }}
{{ toYaml $value | indent 4 }}
{{- else if and (kindIs "string" $value) (contains "valueFrom" $value) }}
{{ $value | indent 4 }}
{{- else }}
    value: {{ $value | quote }}
{{- end }}
{{- end }}
