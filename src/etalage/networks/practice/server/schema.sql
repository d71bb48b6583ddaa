-- The practice network's own ledger. Times are seconds since 1970 (UTC), as REAL.
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    face TEXT NOT NULL,
    lag REAL NOT NULL DEFAULT 0,          -- seconds until an accepted status shows in lists
    key_seconds REAL NOT NULL DEFAULT 3600, -- how long an idempotency key is remembered
    token TEXT NOT NULL UNIQUE,
    token_alive INTEGER NOT NULL DEFAULT 1,
    may_write INTEGER NOT NULL DEFAULT 1,
    push_url TEXT NOT NULL DEFAULT '',
    push_secret TEXT NOT NULL DEFAULT '',
    at REAL NOT NULL,
    stated_settle REAL                    -- what the network says to settle, true or not; NULL: what is true
);
CREATE TABLE IF NOT EXISTS media (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    content BLOB NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS statuses (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    link TEXT NOT NULL DEFAULT '',
    idempotency_key TEXT NOT NULL DEFAULT '',
    client_key TEXT,
    at REAL NOT NULL,
    visible_at REAL NOT NULL,
    edited_at REAL,
    removed_at REAL,
    views INTEGER NOT NULL DEFAULT 0,
    likes INTEGER NOT NULL DEFAULT 0,
    shares INTEGER NOT NULL DEFAULT 0,
    comments INTEGER NOT NULL DEFAULT 0,
    clicks INTEGER NOT NULL DEFAULT 0,
    previews INTEGER NOT NULL DEFAULT 0,
    reservations INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, client_key)
);
CREATE INDEX IF NOT EXISTS statuses_by_account ON statuses(account_id, id);
CREATE TABLE IF NOT EXISTS status_pictures (
    status_id INTEGER NOT NULL REFERENCES statuses(id),
    position INTEGER NOT NULL,
    media_id INTEGER NOT NULL REFERENCES media(id),
    alt TEXT NOT NULL,
    PRIMARY KEY (status_id, position)
);
CREATE TABLE IF NOT EXISTS drafts (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    wish TEXT NOT NULL,                   -- the status to be, as JSON
    at REAL NOT NULL,
    status_id INTEGER REFERENCES statuses(id)
);
CREATE TABLE IF NOT EXISTS acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- also the stream's cursor
    account_id INTEGER NOT NULL REFERENCES accounts(id),
    kind TEXT NOT NULL CHECK (kind IN ('comment', 'like', 'share', 'follow', 'mention')),
    status_id INTEGER REFERENCES statuses(id),
    reply_to INTEGER REFERENCES acts(id),
    author_id TEXT NOT NULL,
    author_handle TEXT NOT NULL,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    at REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_like_each ON acts(status_id, author_id, kind) WHERE kind IN ('like', 'share');
CREATE UNIQUE INDEX IF NOT EXISTS one_follow_each ON acts(account_id, author_id) WHERE kind = 'follow';
CREATE INDEX IF NOT EXISTS acts_by_status ON acts(status_id, kind, id);
CREATE INDEX IF NOT EXISTS acts_by_account ON acts(account_id, id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- every publish that reached the network, whatever it was answered
    account_id INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL,
    fault TEXT NOT NULL,
    status_id INTEGER,
    at REAL NOT NULL
);
