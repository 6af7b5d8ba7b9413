-- Stages of the sales pipelines, one row a pipeline and stage.
{{ contract_staging('database', 'pipeline_stages', source('database', 'database__pipeline_stages')) }}
