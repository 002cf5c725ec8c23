package adapter

import "sync"

// Memory remembers something by name, such as who a user is: what can be asked again,
// so it forgets all when it is full. The zero Memory is ready.
type Memory[V any] struct {
	mu  sync.Mutex
	has map[string]V
}

const mostKept = 10_000

// Get tells what is remembered.
func (m *Memory[V]) Get(name string) (v V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok = m.has[name]
	return v, ok
}

// Put remembers.
func (m *Memory[V]) Put(name string, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.has == nil || len(m.has) >= mostKept {
		m.has = map[string]V{}
	}
	m.has[name] = v
}

// Ask is what is remembered, or else what ask tells, which is remembered if it is no
// error.
func (m *Memory[V]) Ask(name string, ask func() (V, error)) (V, error) {
	if v, ok := m.Get(name); ok {
		return v, nil
	}
	v, err := ask()
	if err == nil {
		m.Put(name, v)
	}
	return v, err
}
