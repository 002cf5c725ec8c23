// Package bench measures what Parley promises, from outside: it starts the real
// program as a process of its own, with a made-up chat platform and a stand-in
// model on loopback, kills it, and counts what the platform saw.
//
//   - Delivery sends messages through the webhook channel while the server is killed.
//   - FirstText measures what Parley adds between a message and its first visible text.
package bench
