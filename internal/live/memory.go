package live

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// queue is how many payloads wait for one slow subscriber.
const queue = 256

// Memory is a Bus within one process. It is also what implementations over a
// network hand their payloads on with. The zero Memory is ready.
type Memory struct {
	mu     sync.Mutex
	topics map[string]map[chan []byte]struct{}
}

var _ Bus = (*Memory)(nil)

// Publish hands payload to those who have subscribed.
func (m *Memory) Publish(ctx context.Context, topic string, payload []byte) error {
	if err := Check(topic, payload); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	payload = bytes.Clone(payload)
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.topics[topic] {
		select {
		case c <- payload:
		default: // it does not keep up and loses this one
		}
	}
	return nil
}

// Subscribe delivers what is published to topic until ctx ends.
func (m *Memory) Subscribe(ctx context.Context, topic string) (<-chan []byte, error) {
	if err := Check(topic, nil); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	c := make(chan []byte, queue)
	m.mu.Lock()
	if m.topics == nil {
		m.topics = map[string]map[chan []byte]struct{}{}
	}
	if m.topics[topic] == nil {
		m.topics[topic] = map[chan []byte]struct{}{}
	}
	m.topics[topic][c] = struct{}{}
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.topics[topic], c)
		if len(m.topics[topic]) == 0 {
			delete(m.topics, topic)
		}
		close(c)
	})
	return c, nil
}

// Subscribed reports whether anybody listens to topic.
func (m *Memory) Subscribed(topic string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.topics[topic]) > 0
}
