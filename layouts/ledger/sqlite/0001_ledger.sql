-- every file that was taken in
create table files (
    seq integer primary key,
    run_id integer not null,
    role text,
    file_sha256 text,
    file text,
    layout text,
    layout_sha256 text,
    rows integer,
    yen integer,
    taken integer,
    taken_yen integer,
    already integer,
    already_yen integer,
    rejected integer,
    rejected_yen integer,
    quarantined integer,
    quarantined_yen integer
);
create unique index files_identity on files (file_sha256, role, layout_sha256);

-- events, never changed; one row a (payment, kind)
create table receipts (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    file_no integer,
    receipt_id text not null,
    payment_id text not null,
    content_sha text not null,
    line integer,
    kind text not null,
    channel text,
    body_code text,
    slip_key text,
    confirm_no text,
    tax_item text,
    levy_year text,
    fiscal_year text,
    period text,
    amount integer,
    principal integer,
    delinquency integer,
    dunning_fee integer,
    paid_on text,
    paid_time text,
    data_date text,
    remit_date text,
    account_date text,
    txn_id text,
    orig_txn_id text,
    store text,
    occurrence integer,
    raw blob
);
create index receipts_payment on receipts (payment_id);
create index receipts_slip on receipts (slip_key);
create unique index receipts_event on receipts (payment_no, kind) where kind <> 'corrected';

-- rows that could not be read, with their bytes
create table quarantine (
    seq integer primary key,
    run_id integer not null,
    file_no integer,
    bad_id text,
    line integer,
    code text,
    field text,
    reason_ja text,
    reason_en text,
    slip_key text,
    amount integer,
    raw blob
);
create index quarantine_bad on quarantine (bad_id);

-- all versions of all lines, in the order in which they came
create table assessments (
    seq integer primary key,
    run_id integer not null,
    file_no integer,
    line integer,
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
    principal integer,
    status text,
    revised_at text,
    carried_over integer,
    time_barred_on text,
    exempt_from text,
    exempt_to text,
    dunning_fee integer,
    is_premium integer
);
create index assessments_line on assessments (line_id);
create index assessments_notice on assessments (payer_id, notice_no);

-- slips, never changed
create table slips (
    seq integer primary key,
    run_id integer not null,
    file_no integer,
    line integer,
    slip_key text not null,
    confirm_no text,
    tax_item text,
    body_code text,
    payer_id text,
    notice_no text,
    levy_year text,
    tax_year text,
    period text,
    amount integer,
    due_date text,
    payable_until text,
    kind text not null,
    supersedes text,
    principal integer,
    delinquency integer,
    dunning_fee integer,
    covers text
);
create unique index slips_key on slips (slip_key);
create index slips_notice on slips (payer_id, notice_no);
create index slips_supersedes on slips (supersedes) where supersedes is not null;

-- what became of each payment; a row with reverses takes an earlier one back
create table outcomes (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
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
    amount integer,
    posted integer,
    excess integer,
    suspense integer,
    held integer,
    provisional integer
);
create index outcomes_payment on outcomes (payment_no);

-- signed; a row with reverses takes an earlier one back
create table postings (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    entry_id text not null,
    reverses text not null,
    line_id text not null,
    component text not null,
    amount integer,
    payment_id text not null,
    receipt_id text not null,
    paid_on text,
    account_date text,
    fiscal_year text,
    rule text,
    provisional integer
);
create index postings_payment on postings (payment_no);

-- 過誤納
create table excess (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    payer_id text,
    line_id text,
    component text not null,
    amount integer,
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
    is_premium integer,
    blocked text
);
create index excess_payment on excess (payment_no);

-- 仮受
create table suspense (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    slip_key text,
    line_id text,
    amount integer,
    found_on text,
    paid_on text,
    provisional integer
);
create index suspense_payment on suspense (payment_no);

-- 保留
create table held (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    entry_id text not null,
    reverses text not null,
    payment_id text not null,
    receipt_id text not null,
    slip_key text,
    line_id text,
    amount integer,
    found_on text,
    paid_on text,
    provisional integer
);
create index held_payment on held (payment_no);

-- 延滞金
create table charges (
    seq integer primary key,
    run_id integer not null,
    payment_no integer,
    entry_id text not null,
    reverses text not null,
    line_id text not null,
    due_date text,
    paid_on text,
    base integer,
    segments text,
    amount integer,
    rounding text,
    provisional integer
);
create index charges_line on charges (line_id);

-- derived: lines that slips name themselves
create table named_lines (
    slip_key text not null,
    line_id text not null,
    primary key (slip_key, line_id)
) without rowid;
create index named_lines_line on named_lines (line_id);

-- derived: which lines a slip pays
create table covers (
    slip_key text not null,
    line_id text not null,
    component text not null,
    amount integer,
    primary key (slip_key, line_id, component)
) without rowid;
create index covers_line on covers (line_id);

-- derived: lines that payments have touched, as they stand
create table standing_lines (
    line_id text not null,
    payer_id text,
    due_date text,
    due integer,
    paid integer,
    provisional integer,
    open integer,
    closed_on text,
    charge integer,
    charge_open integer,
    barred_from text,
    primary key (line_id)
) without rowid;

-- one row a commit; each digest covers the one before
create table runs (
    run_id integer primary key,
    kind text not null,
    as_of text,
    who text,
    at text,
    inputs text,
    standing text,
    result text,
    payments integer,
    prev_digest text,
    digest text
);

-- migrations applied
create table schema_version (
    version integer primary key,
    name text,
    sha256 text
);

-- rows are added, never changed and never deleted
create trigger files_no_update before update on files begin select raise(abort, 'files: rows of the ledger are added, never changed'); end;
create trigger files_no_delete before delete on files begin select raise(abort, 'files: rows of the ledger are added, never changed'); end;
create trigger receipts_no_update before update on receipts begin select raise(abort, 'receipts: rows of the ledger are added, never changed'); end;
create trigger receipts_no_delete before delete on receipts begin select raise(abort, 'receipts: rows of the ledger are added, never changed'); end;
create trigger quarantine_no_update before update on quarantine begin select raise(abort, 'quarantine: rows of the ledger are added, never changed'); end;
create trigger quarantine_no_delete before delete on quarantine begin select raise(abort, 'quarantine: rows of the ledger are added, never changed'); end;
create trigger assessments_no_update before update on assessments begin select raise(abort, 'assessments: rows of the ledger are added, never changed'); end;
create trigger assessments_no_delete before delete on assessments begin select raise(abort, 'assessments: rows of the ledger are added, never changed'); end;
create trigger slips_no_update before update on slips begin select raise(abort, 'slips: rows of the ledger are added, never changed'); end;
create trigger slips_no_delete before delete on slips begin select raise(abort, 'slips: rows of the ledger are added, never changed'); end;
create trigger outcomes_no_update before update on outcomes begin select raise(abort, 'outcomes: rows of the ledger are added, never changed'); end;
create trigger outcomes_no_delete before delete on outcomes begin select raise(abort, 'outcomes: rows of the ledger are added, never changed'); end;
create trigger postings_no_update before update on postings begin select raise(abort, 'postings: rows of the ledger are added, never changed'); end;
create trigger postings_no_delete before delete on postings begin select raise(abort, 'postings: rows of the ledger are added, never changed'); end;
create trigger excess_no_update before update on excess begin select raise(abort, 'excess: rows of the ledger are added, never changed'); end;
create trigger excess_no_delete before delete on excess begin select raise(abort, 'excess: rows of the ledger are added, never changed'); end;
create trigger suspense_no_update before update on suspense begin select raise(abort, 'suspense: rows of the ledger are added, never changed'); end;
create trigger suspense_no_delete before delete on suspense begin select raise(abort, 'suspense: rows of the ledger are added, never changed'); end;
create trigger held_no_update before update on held begin select raise(abort, 'held: rows of the ledger are added, never changed'); end;
create trigger held_no_delete before delete on held begin select raise(abort, 'held: rows of the ledger are added, never changed'); end;
create trigger charges_no_update before update on charges begin select raise(abort, 'charges: rows of the ledger are added, never changed'); end;
create trigger charges_no_delete before delete on charges begin select raise(abort, 'charges: rows of the ledger are added, never changed'); end;
create trigger runs_no_update before update on runs begin select raise(abort, 'runs: rows of the ledger are added, never changed'); end;
create trigger runs_no_delete before delete on runs begin select raise(abort, 'runs: rows of the ledger are added, never changed'); end;
create trigger schema_version_no_update before update on schema_version begin select raise(abort, 'schema_version: rows of the ledger are added, never changed'); end;
create trigger schema_version_no_delete before delete on schema_version begin select raise(abort, 'schema_version: rows of the ledger are added, never changed'); end;
