-- 収納ID: a receipt is explained without a scan
create index receipts_receipt on receipts (receipt_id);

-- a 充当 is carried out once, and taken back at most once (the same row with its yen negated)
drop index transfers_payment;
create unique index transfers_payment on transfers (payment_id, amount);

-- a refund is proposed, decided, rejected and exported at most once; and by different people
create unique index refund_events_once on refund_events (refund_id, event) where event <> 'approved';
create unique index refund_events_eyes on refund_events (refund_id, who) where event in ('proposed', 'approved', 'exported');

-- transfer files that were ordered, one row a file
create table refund_exports (
    seq integer primary key,
    run_id integer not null,
    batch integer not null,
    transfer_on text,
    count integer,
    yen integer,
    sha256 text,
    who text,
    at text,
    content text
);
create unique index refund_exports_batch on refund_exports (batch);

-- where refunds go: accounts as given, and as checked by a second person
create table payee_accounts (
    seq integer primary key,
    run_id integer not null,
    account_id text not null,
    payer_id text not null,
    event text not null,
    who text,
    at text,
    bank_code text,
    branch_code text,
    account_type text,
    account_no text,
    holder_kana text,
    checked_on text
);
create index payee_accounts_payer on payee_accounts (payer_id);

-- 振込入金: what the bank says has arrived
create table bank_credits (
    seq integer primary key,
    run_id integer not null,
    credit_id text not null,
    remit_date text,
    account_date text,
    institution text,
    channel text,
    tax_item text,
    amount integer,
    file text,
    line integer,
    reason text
);
create unique index bank_credits_credit on bank_credits (credit_id);

-- rows are added, never changed and never deleted
create trigger refund_exports_no_update before update on refund_exports begin select raise(abort, 'refund_exports: rows of the ledger are added, never changed'); end;
create trigger refund_exports_no_delete before delete on refund_exports begin select raise(abort, 'refund_exports: rows of the ledger are added, never changed'); end;
create trigger payee_accounts_no_update before update on payee_accounts begin select raise(abort, 'payee_accounts: rows of the ledger are added, never changed'); end;
create trigger payee_accounts_no_delete before delete on payee_accounts begin select raise(abort, 'payee_accounts: rows of the ledger are added, never changed'); end;
create trigger bank_credits_no_update before update on bank_credits begin select raise(abort, 'bank_credits: rows of the ledger are added, never changed'); end;
create trigger bank_credits_no_delete before delete on bank_credits begin select raise(abort, 'bank_credits: rows of the ledger are added, never changed'); end;
