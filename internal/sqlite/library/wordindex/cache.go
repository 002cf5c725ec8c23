package wordindex

import (
	"container/list"
	"sync"
)

// cache keeps the data of parts that were read last, up to a number of bytes. A
// part never changes: what replaces it has another number.
type cache struct {
	mu    sync.Mutex
	most  int
	bytes int
	order *list.List // of *cached, last used in front
	byNum map[int64]*list.Element
}

type cached struct {
	num  int64
	data []byte
}

func newCache(most int) *cache {
	return &cache{most: most, order: list.New(), byNum: map[int64]*list.Element{}}
}

func (c *cache) get(num int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byNum[num]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).data, true
}

func (c *cache) put(num int64, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byNum[num]; ok || len(data) > c.most/4 {
		return
	}
	c.byNum[num] = c.order.PushFront(&cached{num, data})
	for c.bytes += len(data); c.bytes > c.most; {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	old := c.order.Remove(e).(*cached)
	delete(c.byNum, old.num)
	c.bytes -= len(old.data)
}

// clear forgets everything: after a removal nothing of it stays in memory.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.byNum)
	c.bytes = 0
}
