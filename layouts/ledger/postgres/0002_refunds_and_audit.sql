-- 充当 that was decided and carried out
create table transfers (
    seq bigint primary key,
    run_id bigint not null,
    payment_no bigint,
    payment_id text not null,
    receipt_id text not null,
    line_id text not null,
    component text not null,
    amount bigint,
    paid_on text,
    account_date text
);
create index transfers_line on transfers (line_id);
create unique index transfers_payment on transfers (payment_id);

-- whose excess a person decides on
create table blocks (
    seq bigint primary key,
    run_id bigint,
    payer_id text,
    payment_id text,
    reason text,
    lifted bigint
);
create index blocks_payer on blocks (payer_id);
create index blocks_payment on blocks (payment_id);

-- what happened to a refund
create table refund_events (
    seq bigint primary key,
    run_id bigint not null,
    refund_id text,
    event text,
    who text,
    at text,
    content text
);
create index refund_events_refund on refund_events (refund_id);

-- who did what, and when
create table audit (
    seq bigint primary key,
    run_id bigint not null,
    who text,
    at text,
    what text,
    content text
);

-- rows are added, never changed and never deleted
create trigger transfers_rows_stay before update or delete or truncate on transfers for each statement execute function ledger_rows_stay();
create trigger blocks_rows_stay before update or delete or truncate on blocks for each statement execute function ledger_rows_stay();
create trigger refund_events_rows_stay before update or delete or truncate on refund_events for each statement execute function ledger_rows_stay();
create trigger audit_rows_stay before update or delete or truncate on audit for each statement execute function ledger_rows_stay();
