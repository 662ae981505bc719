package mutationtest

import (
	"bytes"
	"sync"
	"testing"
)

// Every value of every byte comes once, and everything else stays.
func TestTry(t *testing.T) {
	data := []byte("abc\x00")
	var mu sync.Mutex
	seen := map[Mutation]bool{}
	n := Try(data, func(_ int, b byte) []byte { return Others(b) }, func(changed []byte, m Mutation) {
		mu.Lock()
		defer mu.Unlock()
		back := bytes.Clone(changed)
		back[m.At] = m.Was
		if seen[m] || m.Is == m.Was || changed[m.At] != m.Is || !bytes.Equal(back, data) {
			t.Errorf("%v: %q", m, changed)
		}
		seen[m] = true
	})
	if n != 255*len(data) || len(seen) != n {
		t.Errorf("%d mutations, %d seen", n, len(seen))
	}
}

func TestValues(t *testing.T) {
	for b := range 256 {
		values := map[byte]bool{}
		for _, v := range Classes(byte(b)) {
			if values[v] || v == byte(b) {
				t.Fatalf("%#x: %#x twice or unchanged", b, v)
			}
			values[v] = true
		}
		if len(values) < 32 {
			t.Fatalf("%#x: only %d values", b, len(values))
		}
	}
	// Over some places every value has its turn.
	all, turns := Classes('a'), map[byte]bool{}
	for at := range 200 {
		some := Some(all, 3, at)
		if len(some) == 0 || len(some) > 3 {
			t.Fatalf("place %d: %v", at, some)
		}
		for _, v := range some {
			turns[v] = true
		}
	}
	if len(turns) != len(all) {
		t.Errorf("%d of %d values had their turn", len(turns), len(all))
	}
}
