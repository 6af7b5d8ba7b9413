-- The five tables of docs/kpi_rules.md from the demo company's landing files, as somebody would write them by hand for
-- this one company: the same raw tables and the same figures, and nothing else. Here: the raw tables, and macros.
--
-- It knows what no warehouse may take for granted: keys are unique, the day is UTC, the fiscal year starts in January,
-- the base currency is USD, rates have five decimals. Run by `by_hand.py`, which sets the variable as_of, attaches the
-- databases `warehouse` and `published`, makes a view of each entity's files in schema `landing`, and runs the files of
-- this folder one after the other.

CREATE MACRO month_of(day) AS year(day) * 12 + month(day) - 1;
CREATE MACRO month_start(number) AS make_date(number // 12, number % 12 + 1, 1);
CREATE MACRO as_of_month() AS month_of(CAST(getvariable('as_of') AS DATE));
-- To the cent, half away from zero. Amounts of 12 digits times these rates fit into 64 bits.
CREATE MACRO base_amount(amount, currency, rate) AS
    CAST(round(CASE WHEN coalesce(currency, 'USD') = 'USD' THEN amount ELSE amount * rate END, 2) AS DECIMAL(18, 2));
CREATE MACRO ratio(part, whole) AS CAST(part AS DOUBLE) / nullif(whole, 0);
CREATE MACRO days_between(earlier, later) AS (epoch_us(later) - epoch_us(earlier)) / 86400000000;

-- Raw tables, kept as a refresh keeps them.
CREATE SCHEMA warehouse.raw;
CREATE TABLE warehouse.raw.users AS FROM landing.users;
CREATE TABLE warehouse.raw.pipeline_stages AS FROM landing.pipeline_stages;
CREATE TABLE warehouse.raw.opportunities AS FROM landing.opportunities;
CREATE TABLE warehouse.raw.opportunity_history AS FROM landing.opportunity_history;
CREATE TABLE warehouse.raw.calls AS FROM landing.calls;
CREATE TABLE warehouse.raw.quotas AS FROM landing.quotas;
CREATE TABLE warehouse.raw.exchange_rates AS FROM landing.exchange_rates;
CREATE TABLE warehouse.raw.accounts AS FROM landing.accounts;
CREATE TABLE warehouse.raw.leads AS FROM landing.leads;
CREATE TABLE warehouse.raw.meetings AS FROM landing.meetings;
