package wordindex

import "testing"

func TestCacheIsBounded(t *testing.T) {
	c := newCache(1000)
	for num := range int64(50) {
		c.put(num, make([]byte, 100))
		c.get(0) // used all the time
	}
	if _, ok := c.get(0); !ok || c.bytes > 1000 || len(c.byNum) != 10 || c.order.Len() != 10 {
		t.Errorf("the first is kept: %v; %d bytes in %d parts", ok, c.bytes, len(c.byNum))
	}
	if _, ok := c.get(20); ok {
		t.Error("what was not used is still there")
	}
	c.put(99, make([]byte, 900)) // would drive out all others
	if _, ok := c.get(99); ok {
		t.Error("a part that is too large was kept")
	}
	c.clear()
	if _, ok := c.get(0); ok || c.bytes != 0 {
		t.Errorf("after clear %d bytes are left", c.bytes)
	}
}
