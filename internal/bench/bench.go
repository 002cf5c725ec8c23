// Package bench is the folder of what measures Parley from outside. Each measurement
// starts the real program as processes of its own, with everything around it made
// up on loopback, and counts what people see.
//
//   - delivery sends messages while things go wrong (scenarios R1 to R10)
//   - ingest uploads documents while the server is killed, or not (R12)
//   - speed measures the first visible text, and how fast messages are made durable
//   - retrieval measures search over many chunks, within this process
//
// They stand on rig (processes, database, model, documents), im (the platform), chat
// (visitors of the browser chat) and proxy (bad connections). `parley bench` runs
// them, and docs/reliability.md and docs/performance.md have what they found.
package bench
