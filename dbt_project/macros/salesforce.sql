{#
    How Salesforce writes values, and the tables of whoever loads it: Repline, Fivetran or Airbyte.

    The fields that staging reads are named here as in Salesforce's API. Repline and Fivetran name a column in snake
    case (`OwnerId` is `owner_id`), Airbyte as in the API, with capitals or without.
#}

{# The objects that staging reads: the name in the API, and the fields. #}
{% macro salesforce_objects() -%}
    {{ return({
        'users': ['User', [
            'Id', 'Name', 'Email', 'UserType', 'UserRoleId', 'ManagerId', 'Department', 'Division', 'IsActive',
            'LastModifiedDate'
        ]],
        'user_roles': ['UserRole', ['Id', 'Name']],
        'territories': ['Territory2', [
            'Id', 'Name', 'DeveloperName', 'ParentTerritory2Id', 'Territory2ModelId', 'LastModifiedDate'
        ]],
        'territory_models': ['Territory2Model', ['Id', 'State']],
        'user_territories': ['UserTerritory2Association', ['Id', 'UserId', 'Territory2Id', 'IsActive']],
        'accounts': ['Account', [
            'Id', 'Name', 'Industry', 'BillingCountry', 'OwnerId', 'CreatedDate', 'LastModifiedDate'
        ]],
        'leads': ['Lead', [
            'Id', 'OwnerId', 'LeadSource', 'Status', 'ConvertedDate', 'ConvertedAccountId', 'ConvertedOpportunityId',
            'CreatedDate', 'LastModifiedDate'
        ]],
        'campaigns': ['Campaign', [
            'Id', 'Type', 'StartDate', 'EndDate', 'ActualCost', 'CurrencyIsoCode', 'CreatedDate', 'LastModifiedDate'
        ]],
        'opportunity_stages': ['OpportunityStage', [
            'Id', 'MasterLabel', 'ApiName', 'IsActive', 'SortOrder', 'IsClosed', 'IsWon', 'DefaultProbability',
            'ForecastCategoryName'
        ]],
        'opportunities': ['Opportunity', [
            'Id', 'AccountId', 'OwnerId', 'Name', 'StageName', 'Type', 'LeadSource', 'Amount', 'CurrencyIsoCode',
            'CloseDate', 'IsClosed', 'IsWon', 'ForecastCategoryName', 'CreatedDate', 'LastModifiedDate'
        ]],
        'opportunity_history': ['OpportunityHistory', [
            'Id', 'OpportunityId', 'StageName', 'Amount', 'CloseDate', 'ForecastCategory', 'CreatedById', 'CreatedDate'
        ]],
        'opportunity_field_history': ['OpportunityFieldHistory', [
            'Id', 'OpportunityId', 'Field', 'OldValue', 'NewValue', 'CreatedById', 'CreatedDate'
        ]],
        'opportunity_splits': ['OpportunitySplit', [
            'Id', 'OpportunityId', 'SplitOwnerId', 'SplitTypeId', 'SplitPercentage', 'LastModifiedDate'
        ]],
        'opportunity_split_types': ['OpportunitySplitType', ['Id', 'DeveloperName', 'IsTotalValidated']],
        'opportunity_line_items': ['OpportunityLineItem', [
            'Id', 'OpportunityId', 'Product2Id', 'ProductCode', 'TotalPrice'
        ]],
        'products': ['Product2', ['Id', 'Name']],
        'tasks': ['Task', [
            'Id', 'OwnerId', 'WhatId', 'WhoId', 'AccountId', 'TaskSubtype', 'CallType', 'CallDurationInSeconds',
            'CallDisposition', 'IsClosed', 'IsRecurrence', 'ActivityDate', 'CompletedDateTime', 'CreatedDate',
            'LastModifiedDate'
        ]],
        'email_messages': ['EmailMessage', [
            'Id', 'ActivityId', 'ThreadIdentifier', 'ReplyToEmailMessageId', 'Incoming', 'Status', 'IsBounced',
            'MessageDate', 'CreatedDate'
        ]],
        'events': ['Event', [
            'Id', 'OwnerId', 'WhatId', 'WhoId', 'AccountId', 'StartDateTime', 'EndDateTime', 'ActivityDate', 'IsChild',
            'IsRecurrence', 'GroupEventType', 'LastModifiedDate'
        ]],
        'forecasting_quotas': ['ForecastingQuota', [
            'Id', 'QuotaOwnerId', 'QuotaAmount', 'CurrencyIsoCode', 'StartDate', 'PeriodId', 'ForecastingTypeId',
            'IsAmount', 'LastModifiedDate'
        ]],
        'forecasting_types': ['ForecastingType', ['Id', 'DeveloperName']],
        'periods': ['Period', ['Id', 'StartDate', 'EndDate']],
        'currency_types': ['CurrencyType', ['Id', 'IsoCode', 'ConversionRate', 'IsCorporate']],
        'dated_conversion_rates': ['DatedConversionRate', [
            'Id', 'IsoCode', 'ConversionRate', 'StartDate', 'NextStartDate'
        ]],
    }) }}
{%- endmacro %}


{#
    All rows of an object, whoever loads it: its columns in snake case, those that staging reads and the table lacks
    as nulls, moments as naive UTC, and is_deleted, true for what is in the recycle bin or gone.

    A table that nobody loads is empty: the user may not see the object, or the loader leaves it out.
#}
{% macro salesforce_rows(object) -%}
    {%- set loader = landed_by('salesforce') -%}
    {%- set name, fields = salesforce_objects()[object] -%}
    {%- if loader == 'repline' -%}
        {%- set relation = source('salesforce', 'salesforce__' ~ object) -%}
    {%- else -%}
        {#- Fivetran sets digits apart, too: `product_2`. -#}
        {%- set fivetran_name = modules.re.sub('([a-z])([0-9])', '\\1_\\2', salesforce_snake_case(name)) -%}
        {%- set relation = source('salesforce_' ~ loader, fivetran_name if loader == 'fivetran' else name) -%}
    {%- endif -%}
    {%- set columns = salesforce_columns_of(relation) -%}
    {#- Letters decide, so that `OwnerId`, `ownerid` and `owner_id` are one column. -#}
    {%- set names = {} -%}
    {%- for field in fields -%}
        {%- do names.update({letters_and_digits(field): salesforce_snake_case(field)}) -%}
    {%- endfor -%}
    {%- set marks = {
        'isdeleted': 'coalesce(try_cast(# as boolean), false)',
        'isgone': 'coalesce(#, false)',
        'fivetrandeleted': 'coalesce(#, false)',
        'abcdcdeletedat': '# is not null',
    } -%}
    {%- set deleted = [] -%}
    {%- set present = [] -%}
    {%- for column in columns -%}
        {%- do present.append(column.letters) -%}
        {%- if column.letters in marks -%}
            {%- do deleted.append(marks[column.letters] | replace('#', column.quoted)) -%}
        {%- endif -%}
    {%- endfor -%}
    select
        {%- for column in columns if column.letters not in marks %}
        {{ column.expression }} as {{ adapter.quote(names.get(column.letters, column.name | lower)) }},
        {%- endfor %}
        {%- for letters, name in names.items() if letters not in present %}
        cast(null as string) as {{ name }},
        {%- endfor %}
        {{ deleted | join(' or ') or 'false' }} as is_deleted
    {%- if columns %}
    from {{ relation }}
    {%- else %}
    where false
    {%- endif %}
    {%- if 'fivetranactive' in present %}
    where _fivetran_active
    {%- endif %}
{%- endmacro %}


{# The columns of a table: their names, quoted and by their letters, and how they are read. #}
{% macro salesforce_columns_of(relation) -%}
    {%- set columns = [] -%}
    {%- for column in columns_of(relation) -%}
        {%- set quoted = adapter.quote(column.name) -%}
        {%- do columns.append({
            'name': column.name,
            'quoted': quoted,
            'letters': letters_and_digits(column.name),
            'expression': without_zone(quoted, column.type),
        }) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{# A name of the API as a column: OwnerId is owner_id. #}
{% macro salesforce_snake_case(name) -%}
    {{ return(modules.re.sub('([a-z0-9])([A-Z])', '\\1_\\2', name) | lower) }}
{%- endmacro %}


{# A moment, which Salesforce writes in UTC always. #}
{% macro salesforce_moment(value) -%}
    try_cast({{ value }} as timestamp)
{%- endmacro %}


{# A day; loaders write some as the moment of its midnight. #}
{% macro salesforce_day(value) -%}
    try_cast(try_cast({{ value }} as timestamp) as date)
{%- endmacro %}


{#
    An id if it is one of an object, by the characters that the vendor gives all its ids to begin with: 001 accounts,
    005 users, 006 opportunities, 00Q leads. Fields like Task.WhatId hold ids of many objects.
#}
{% macro salesforce_id_of(prefix, value) -%}
    case when {{ value }} like '{{ prefix }}%' then {{ source_id('salesforce', value) }} end
{%- endmacro %}


{# Forecast categories as people know them: history has the names of the API, stages have labels. #}
{% macro salesforce_forecast_category(value) -%}
    case {{ value }}
        when 'BestCase' then 'Best Case'
        when 'MostLikely' then 'Most Likely'
        when 'Forecast' then 'Commit'
        else {{ value }}
    end
{%- endmacro %}
