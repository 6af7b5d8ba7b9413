{#
    No two rows share the values of `columns`. One test per model, instead of `unique` on a made-up key column.
    The rows it returns are the doubled keys with their counts.
#}
{% test unique_combination(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
