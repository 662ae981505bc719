// Package mutationtest changes data byte by byte, for tests that hold every
// change to be noticed or harmless.
package mutationtest

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
)

// A Mutation is another value for one byte.
type Mutation struct {
	At      int
	Was, Is byte
}

func (m Mutation) String() string { return fmt.Sprintf("byte %d: %#02x for %#02x", m.At, m.Is, m.Was) }

// Others returns the 255 values that a byte does not have.
func Others(b byte) []byte {
	out := make([]byte, 0, 255)
	for x := 1; x < 256; x++ {
		out = append(out, b^byte(x))
	}
	return out
}

// Classes returns the eight values that differ from a byte of text in one bit,
// and one of each kind that a parser tells apart: NUL and other control
// characters, white space, quotes, brackets, digits, letters, the two alphabets
// of base64, what is no UTF-8.
func Classes(b byte) []byte {
	var out []byte
	for bit := range 8 {
		out = append(out, b^1<<bit)
	}
	for _, c := range []byte("\x00\x1b\t\n\r \"'\\{}[]:,09aAzZ+/-_=.%\x7f\x80\xc3\xff") {
		if c != b && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Some returns at most n of the values, others for each place.
func Some(values []byte, n, at int) []byte {
	if len(values) <= n {
		return values
	}
	out := make([]byte, 0, n)
	for i := range n {
		out = append(out, values[(at*n+i)*7%len(values)]) // 7: neighbours differ in kind
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Try calls try with a copy of data for every mutation of it, each byte getting
// every value that values returns for it. It is called from several goroutines
// at a time; the copy is its own until it returns. Try returns how many
// mutations there were.
func Try(data []byte, values func(at int, b byte) []byte, try func(changed []byte, m Mutation)) int {
	var workers sync.WaitGroup
	next := make(chan int)
	counts := make([]int, runtime.GOMAXPROCS(0))
	for i := range counts {
		workers.Go(func() {
			changed := bytes.Clone(data)
			for at := range next {
				was := data[at]
				for _, is := range values(at, was) {
					// Anew each time: what a parser returns may share its input.
					copy(changed, data)
					changed[at] = is
					try(changed, Mutation{at, was, is})
					counts[i]++
				}
				changed[at] = was
			}
		})
	}
	for at := range data {
		next <- at
	}
	close(next)
	workers.Wait()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// Race reports whether the race detector is on, under which tests try less.
func Race() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
