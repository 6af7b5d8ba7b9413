-- Stages of the sales pipelines, one row a pipeline and stage.
{{ contract_staging('exports', 'pipeline_stages', source('exports', 'exports__pipeline_stages')) }}
