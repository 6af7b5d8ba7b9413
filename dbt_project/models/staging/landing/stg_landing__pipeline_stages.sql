-- Stages of the sales pipelines, one row a pipeline and stage.
{{ contract_staging('landing', 'pipeline_stages', source('raw', 'landing__pipeline_stages')) }}
