export default {
  title: "Overview",
  period: "Period",
  days: "{{n}} days",
  questions: "Questions",
  answered: "Answered",
  unknown: "Not known",
  thumbs: "Thumbs",
  thumbsUp: "Thumbs up",
  thumbsDown: "Thumbs down",
  latency: "Time to answer",
  median: "Median",
  p95: "95th percentile",
  p95Short: "p95 {{time}}",
  tokens: "Tokens",
  tokensSplit: "{{input}} in · {{output}} out",
  inputTokens: "Input",
  outputTokens: "Output",
  ofQuestions: "{{percent}} of questions",
  dead: "Given up",
  deadHint: "No answer reached the customer",
  noRatings: "No ratings yet",
  good: "{{percent}} good",
  chartQuestions: "Questions a day",
  chartLatency: "Time to answer a day",
  chartTokens: "Tokens a day",
  emptyTitle: "No questions yet",
  emptyText: "Open the customer page and ask something, or connect your chat. What people ask shows up here.",
  openChat: "Open the customer page",
  noTokens: "No model was asked in this period",
  channels: "Channels",
  channelsEmpty: "No channel is configured",
  channelsEmptyText: "Channels are set in config.yaml. The web chat is on in the default configuration.",
  state: {
    connected: "Connected",
    connecting: "Connecting",
    waiting: "Waiting to reconnect",
    standby: "Standing by",
    stopped: "Stopped",
  },
  since: "Since",
  lastFrame: "Last sign of life",
  lastIn: "Last message in",
  lastOut: "Last message out",
  waiting: "Waiting",
  restarts: "Restarts",
  standbyText: "Another replica has the connection. This one takes over when that one is gone.",
  system: {
    title: "Servers",
    database: "Database",
    kind: "Kind",
    size: "Size of the file",
    noPgvector: "Not there",
    secondLock: "Second lock",
    on: "On",
    off: "Off",
    redis: { none: "Not used", ok: "Connected", degraded: "Degraded" },
    redisText: {
      none: "Not configured. Limits and caches are this process's own.",
      ok: "Limits, caches and live updates are shared by all replicas.",
      degraded:
        "It does not answer. Answers go on without it: limits are each replica's own and live updates take a second longer.",
    },
    level: { warn: "Should be changed", fail: "Does not work" },
    warning: {
      database_standby:
        "The database server is a standby and takes no writes. Point “database” at the primary.",
      database_encoding:
        "This database holds {{encoding}}. Make the database anew with: createdb --encoding=UTF8 --template=template0 NAME",
      database_old: "Postgres {{version}}: Parley is tested with version {{tested}}. Upgrade the server.",
      durability:
        "fsync is {{fsync}}, synchronous_commit is {{commit}}. A message that was confirmed may be lost when the server's machine fails. Set both to on.",
      connections:
        "{{used}} of {{most}} connections are used. Each replica takes up to 16 and one more for live updates. Raise max_connections, or lower them with ?pool_max_conns=8 in “database”.",
      second_lock:
        "Searches are held to their collections by their filters alone: the role parley_search is missing or may not be used. As a superuser: CREATE ROLE parley_search NOLOGIN; GRANT parley_search TO <the user of Parley>; GRANT SELECT ON collections, documents, chunks, postings, purges, vectors, vector_counts, spaces TO parley_search;",
      pgvector_missing:
        "The server does not have pgvector, so passages are found by words alone. Install pgvector 0.8.4 or later on the server and run “parley migrate”.",
      pgvector_not_made:
        "pgvector is on the server and not in this database. As a superuser: CREATE EXTENSION vector; then run “parley migrate”.",
      pgvector_old:
        "pgvector {{version}} cannot go on searching behind a filter (hnsw.iterative_scan). Upgrade it on the server to 0.8.4 or later, then: ALTER EXTENSION vector UPDATE; and REINDEX the vector indexes.",
      pgvector_build:
        "pgvector {{version}} can write past a buffer when several workers build an HNSW index (fixed in 0.8.2), and spoil it when it is vacuumed (fixed in 0.8.3 and 0.8.4); Parley builds with one worker. Upgrade it on the server to 0.8.4 or later, then: ALTER EXTENSION vector UPDATE; and REINDEX the vector indexes.",
      pgvector_vacuum:
        "pgvector {{version}} can spoil an HNSW index when it is vacuumed (fixed in 0.8.3 and 0.8.4). Upgrade it on the server to 0.8.4 or later, then: ALTER EXTENSION vector UPDATE; and REINDEX the vector indexes.",
      clock:
        "The clocks of the database and of this machine are {{apart}} apart. Let both follow NTP (chrony or systemd-timesyncd).",
      schema_old:
        "The tables are at version {{have}}, this program needs {{want}}. Run “parley migrate” (after “parley backup”).",
      schema_new:
        "The tables are at version {{have}}, this program knows {{want}} at most. Start the newer program that wrote them, or restore a backup from before the upgrade.",
      disk: "{{free}} GB of {{total}} GB are free where the data folder lies. Make room: old backups, folders named replaced-* of earlier restores, documents that nobody needs.",
    },
  },
  day: "Day",
};
