-- every file that was taken in
create table files (
    seq bigint primary key,
    run_id bigint not null,
    role text,
    file_sha256 text,
    file text,
    layout text,
    layout_sha256 text,
    rows bigint,
    yen bigint,
    taken bigint,
    taken_yen bigint,
    already bigint,
    already_yen bigint,
    rejected bigint,
    rejected_yen bigint,
    quarantined bigint,
    quarantined_yen bigint
);
create unique index files_identity on files (file_sha256, role, layout_sha256);

-- events, never changed; one row a (payment, kind)
create table receipts (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    file_no bigint,
    receipt_id text not null,
    payment_id text not null,
    content_sha text not null,
    line bigint,
    kind text not null,
    channel text,
    body_code text,
    slip_key text,
    confirm_no text,
    tax_item text,
    levy_year text,
    fiscal_year text,
    period text,
    amount bigint,
    principal bigint,
    delinquency bigint,
    dunning_fee bigint,
    paid_on text,
    paid_time text,
    data_date text,
    remit_date text,
    account_date text,
    txn_id text,
    orig_txn_id text,
    store text,
    occurrence bigint,
    raw bytea
);
create index receipts_payment on receipts (payment_id);
create index receipts_slip on receipts (slip_key);
create unique index receipts_event on receipts (payment_no, kind) where kind <> 'corrected';

-- rows that could not be read, with their bytes
create table quarantine (
    seq bigint primary key,
    run_id bigint not null,
    file_no bigint,
    bad_id text,
    line bigint,
    code text,
    field text,
    reason_ja text,
    reason_en text,
    slip_key text,
    amount bigint,
    raw bytea
);
create index quarantine_bad on quarantine (bad_id);

-- all versions of all lines, in the order in which they came
create table assessments (
    seq bigint primary key,
    run_id bigint not null,
    file_no bigint,
    line bigint,
    line_id text not null,
    payer_id text,
    body_code text,
    tax_item text,
    levy_year text,
    tax_year text,
    fiscal_year text,
    period text,
    notice_no text,
    due_date text,
    principal bigint,
    status text,
    revised_at text,
    carried_over bigint,
    time_barred_on text,
    exempt_from text,
    exempt_to text,
    dunning_fee bigint,
    is_premium bigint
);
create index assessments_line on assessments (line_id);
create index assessments_notice on assessments (payer_id, notice_no);

-- slips, never changed
create table slips (
    seq bigint primary key,
    run_id bigint not null,
    file_no bigint,
    line bigint,
    slip_key text not null,
    confirm_no text,
    tax_item text,
    body_code text,
    payer_id text,
    notice_no text,
    levy_year text,
    tax_year text,
    period text,
    amount bigint,
    due_date text,
    payable_until text,
    kind text not null,
    supersedes text,
    principal bigint,
    delinquency bigint,
    dunning_fee bigint,
    covers text
);
create unique index slips_key on slips (slip_key);
create index slips_notice on slips (payer_id, notice_no);
create index slips_supersedes on slips (supersedes) where supersedes is not null;

-- what became of each payment; a row with reverses takes an earlier one back
create table outcomes (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    outcome text,
    facts text,
    rule text,
    inputs text,
    line_ids text,
    slip_key text,
    paid_on text,
    amount bigint,
    posted bigint,
    excess bigint,
    suspense bigint,
    held bigint,
    provisional bigint
);
create index outcomes_payment on outcomes (payment_no);

-- signed; a row with reverses takes an earlier one back
create table postings (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    line_id text not null,
    component text not null,
    amount bigint,
    payment_id text not null,
    receipt_id text not null,
    paid_on text,
    account_date text,
    fiscal_year text,
    rule text,
    provisional bigint
);
create index postings_payment on postings (payment_no);

-- 過誤納
create table excess (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    payer_id text,
    line_id text,
    component text not null,
    amount bigint,
    "class" text,
    found_on text,
    arisen_on text,
    paid_on text,
    account_date text,
    remit_date text,
    fiscal_year text,
    body_code text,
    tax_item text,
    notice_no text,
    is_premium bigint,
    blocked text
);
create index excess_payment on excess (payment_no);

-- 仮受
create table suspense (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    slip_key text,
    line_id text,
    amount bigint,
    found_on text,
    paid_on text,
    provisional bigint
);
create index suspense_payment on suspense (payment_no);

-- 保留
create table held (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    slip_key text,
    line_id text,
    amount bigint,
    found_on text,
    paid_on text,
    provisional bigint
);
create index held_payment on held (payment_no);

-- 延滞金
create table charges (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    entry_id text not null,
    reverses text not null,
    line_id text not null,
    due_date text,
    paid_on text,
    base bigint,
    segments text,
    amount bigint,
    rounding text,
    provisional bigint
);
create index charges_line on charges (line_id);

-- derived: lines that slips name themselves
create table named_lines (
    slip_key text not null,
    line_id text not null,
    primary key (slip_key, line_id)
);
create index named_lines_line on named_lines (line_id);

-- derived: which lines a slip pays
create table covers (
    slip_key text not null,
    line_id text not null,
    component text not null,
    amount bigint,
    primary key (slip_key, line_id, component)
);
create index covers_line on covers (line_id);

-- derived: lines that payments have touched, as they stand
create table standing_lines (
    line_id text not null,
    payer_id text,
    due_date text,
    due bigint,
    paid bigint,
    provisional bigint,
    open bigint,
    closed_on text,
    charge bigint,
    charge_open bigint,
    barred_from text,
    primary key (line_id)
);

-- one row a commit; each digest covers the one before
create table runs (
    run_id bigint primary key,
    kind text not null,
    as_of text,
    who text,
    at text,
    inputs text,
    standing text,
    result text,
    payments bigint,
    prev_digest text,
    digest text
);

-- migrations applied
create table schema_version (
    version bigint primary key,
    name text,
    sha256 text
);

-- rows are added, never changed and never deleted
create function ledger_rows_stay() returns trigger language plpgsql as $$
begin
    raise exception '%: rows of the ledger are added, never changed', tg_table_name;
end $$;
create trigger files_rows_stay before update or delete or truncate on files for each statement execute function ledger_rows_stay();
create trigger receipts_rows_stay before update or delete or truncate on receipts for each statement execute function ledger_rows_stay();
create trigger quarantine_rows_stay before update or delete or truncate on quarantine for each statement execute function ledger_rows_stay();
create trigger assessments_rows_stay before update or delete or truncate on assessments for each statement execute function ledger_rows_stay();
create trigger slips_rows_stay before update or delete or truncate on slips for each statement execute function ledger_rows_stay();
create trigger outcomes_rows_stay before update or delete or truncate on outcomes for each statement execute function ledger_rows_stay();
create trigger postings_rows_stay before update or delete or truncate on postings for each statement execute function ledger_rows_stay();
create trigger excess_rows_stay before update or delete or truncate on excess for each statement execute function ledger_rows_stay();
create trigger suspense_rows_stay before update or delete or truncate on suspense for each statement execute function ledger_rows_stay();
create trigger held_rows_stay before update or delete or truncate on held for each statement execute function ledger_rows_stay();
create trigger charges_rows_stay before update or delete or truncate on charges for each statement execute function ledger_rows_stay();
create trigger runs_rows_stay before update or delete or truncate on runs for each statement execute function ledger_rows_stay();
create trigger schema_version_rows_stay before update or delete or truncate on schema_version for each statement execute function ledger_rows_stay();
