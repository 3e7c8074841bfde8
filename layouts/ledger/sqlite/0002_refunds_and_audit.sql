-- 充当 that was decided and carried out
create table transfers (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    payment_id text not null,
    receipt_id text not null,
    line_id text not null,
    component text not null,
    amount integer,
    paid_on text,
    account_date text
);
create index transfers_line on transfers (line_id);
create unique index transfers_payment on transfers (payment_id);

-- whose excess a person decides on
create table blocks (
    seq integer primary key,
    run_id integer,
    payer_id text,
    payment_id text,
    reason text,
    lifted integer
);
create index blocks_payer on blocks (payer_id);
create index blocks_payment on blocks (payment_id);

-- what happened to a refund
create table refund_events (
    seq integer primary key,
    run_id integer not null,
    refund_id text,
    event text,
    who text,
    at text,
    content text
);
create index refund_events_refund on refund_events (refund_id);

-- who did what, and when
create table audit (
    seq integer primary key,
    run_id integer not null,
    who text,
    at text,
    what text,
    content text
);

-- rows are added, never changed and never deleted
create trigger transfers_no_update before update on transfers begin select raise(abort, 'transfers: rows of the ledger are added, never changed'); end;
create trigger transfers_no_delete before delete on transfers begin select raise(abort, 'transfers: rows of the ledger are added, never changed'); end;
create trigger blocks_no_update before update on blocks begin select raise(abort, 'blocks: rows of the ledger are added, never changed'); end;
create trigger blocks_no_delete before delete on blocks begin select raise(abort, 'blocks: rows of the ledger are added, never changed'); end;
create trigger refund_events_no_update before update on refund_events begin select raise(abort, 'refund_events: rows of the ledger are added, never changed'); end;
create trigger refund_events_no_delete before delete on refund_events begin select raise(abort, 'refund_events: rows of the ledger are added, never changed'); end;
create trigger audit_no_update before update on audit begin select raise(abort, 'audit: rows of the ledger are added, never changed'); end;
create trigger audit_no_delete before delete on audit begin select raise(abort, 'audit: rows of the ledger are added, never changed'); end;
