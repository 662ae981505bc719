package shard

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"migrate/internal/release"
	"migrate/internal/source"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Shard
	}{
		{"1/1", Shard{1, 1}}, {"2/5", Shard{2, 5}}, {"10000/10000", Shard{10000, 10000}},
		{"", Shard{}}, {"0/5", Shard{}}, {"6/5", Shard{}}, {"1/0", Shard{}}, {"5", Shard{}}, {"1/", Shard{}},
		{"-1/5", Shard{}}, {"01/5", Shard{}}, {" 1/5", Shard{}}, {"1/10001", Shard{}}, {"1/99999999999999999999", Shard{}},
	} {
		got, err := Parse(tt.in)
		if got != tt.want || (err != nil) != (tt.want == Shard{}) {
			t.Errorf("%q: got %v, %v, want %v", tt.in, got, err, tt.want)
		}
		if err == nil && got.String() != tt.in {
			t.Errorf("%q is written %q", tt.in, got)
		}
	}
}

func item(i int, size int64) source.Item {
	file := fmt.Sprintf("Python-3.13.%d.tgz", i)
	name, ok := release.ParseName(file)
	if !ok {
		panic(file)
	}
	return source.Item{Name: name, Location: file, Size: size}
}

// checkSplit holds a split to what it promises: together the whole, apart from
// each other, in order, and balanced within the largest artifact.
func checkSplit(t *testing.T, items []source.Item, parts [][]source.Item) {
	t.Helper()
	at := make(map[string]int, len(items))
	for i, it := range items {
		at[it.Location] = i
	}
	mean := meanSize(items)
	weigh := func(it source.Item) int64 {
		if it.Size < 0 {
			return mean
		}
		return it.Size
	}
	var largest, least, most int64
	for _, it := range items {
		largest = max(largest, weigh(it))
	}
	seen := 0
	for k, part := range parts {
		var sum int64
		last := -1
		for _, it := range part {
			i, ok := at[it.Location]
			if !ok {
				t.Fatalf("%s is in two parts, or in none of the listing", it.Location)
			}
			delete(at, it.Location)
			if i < last {
				t.Errorf("%s is out of order", it.Location)
			}
			last = i
			seen++
			sum += weigh(it)
		}
		if len(part) == 0 {
			t.Errorf("part %d is empty", k)
		}
		if k == 0 || sum < least {
			least = sum
		}
		most = max(most, sum)
	}
	if seen != len(items) {
		t.Errorf("%d of %d artifacts are in a part", seen, len(items))
	}
	if most-least > largest {
		t.Errorf("parts have %d to %d bytes, and the largest artifact only %d", least, most, largest)
	}
}

func TestSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var items []source.Item
		for i := range 1 + n {
			size := rng.Int64N(1 << rng.IntN(30))
			if rng.IntN(4) == 0 {
				size = -1
			}
			items = append(items, item(i, size))
		}
		for _, k := range []int{1, 2, 3, 7, len(items)} {
			if k > len(items) {
				continue
			}
			parts, err := Split(items, k)
			if err != nil {
				t.Fatal(err)
			}
			if len(parts) != k {
				t.Fatalf("%d parts, want %d", len(parts), k)
			}
			checkSplit(t, items, parts)
		}
	}
}

// The split does not depend on the order of the listing, e.g. that sources are
// named in.
func TestSplitDeterministic(t *testing.T) {
	var items []source.Item
	for i := range 100 {
		items = append(items, item(i, int64(i%7)*1000))
	}
	want := splitNames(t, items)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		if got := splitNames(t, items); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("another split of the same listing: %v and %v", got, want)
		}
	}
}

func splitNames(t *testing.T, items []source.Item) (out [][]string) {
	t.Helper()
	parts, err := Split(items, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		var names []string
		for _, it := range part {
			names = append(names, it.Location)
		}
		slices.Sort(names)
		out = append(out, names)
	}
	return out
}

// Files without size are spread, and one listed twice stays together.
func TestSplitEdges(t *testing.T) {
	var items []source.Item
	for i := range 10 {
		items = append(items, item(i, 0))
	}
	parts, err := Split(items, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if len(part) != 2 {
			t.Errorf("a part has %d of 10 files without size", len(part))
		}
	}

	items = append(items, items[0], items[0])
	parts, err = Split(items, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if n := count(part, items[0].Location); n != 0 && n != 3 {
			t.Errorf("a part has %d of 3 entries for one file", n)
		}
	}

	for n, ok := range map[int]bool{0: false, -1: false, 10: true, 11: false} {
		if _, err := Split(items, n); (err == nil) != ok {
			t.Errorf("%d parts of 10 artifacts: %v", n, err)
		}
	}
	if _, err := Split(nil, 1); err == nil {
		t.Error("nothing was split")
	}
}

func count(part []source.Item, location string) (n int) {
	for _, it := range part {
		if it.Location == location {
			n++
		}
	}
	return n
}

func TestBy(t *testing.T) {
	var items []source.Item
	for _, file := range []string{"Python-3.10.1.tgz", "Python-3.9.1.tgz", "Python-3.9.1.tar.xz", "Python-3.10.0a1.tgz", "Python-3.9.0.tgz"} {
		name, ok := release.ParseName(file)
		if !ok {
			t.Fatal(file)
		}
		items = append(items, source.Item{Name: name, Location: file, Size: -1})
	}
	for _, tt := range []struct {
		name func(source.Item) string
		want string
	}{
		{func(it source.Item) string { return it.Name.Version.Series().String() },
			"[[Python-3.9.1.tgz Python-3.9.1.tar.xz Python-3.9.0.tgz] [Python-3.10.1.tgz Python-3.10.0a1.tgz]]"},
		{func(it source.Item) string { return it.Name.Version.String() },
			"[[Python-3.9.0.tgz] [Python-3.9.1.tgz Python-3.9.1.tar.xz] [Python-3.10.0a1.tgz] [Python-3.10.1.tgz]]"},
	} {
		var got [][]string
		for _, part := range By(items, tt.name) {
			var names []string
			for _, it := range part {
				names = append(names, it.Location)
			}
			got = append(got, names)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("got %v, want %v", got, tt.want)
		}
	}
}

func TestSplitCorpus(t *testing.T) {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	l, err := source.Open(context.Background(), filepath.Join(corpus, "tracker"))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Items) < 2500 || Bytes(l.Items) < 1<<30 {
		t.Fatalf("only %d artifacts of %d bytes", len(l.Items), Bytes(l.Items))
	}
	for _, n := range []int{1, 2, 5, 64, len(l.Items)} {
		parts, err := Split(l.Items, n)
		if err != nil {
			t.Fatal(err)
		}
		checkSplit(t, l.Items, parts)
	}
}

// The heaviest goes first: otherwise one part had 6 bytes and the other 2.
func TestSplitHeaviestFirst(t *testing.T) {
	items := []source.Item{item(0, 1), item(1, 1), item(2, 1), item(3, 1), item(4, 4)}
	parts, err := Split(items, 2)
	if err != nil {
		t.Fatal(err)
	}
	if Bytes(parts[0]) != 4 || Bytes(parts[1]) != 4 {
		t.Errorf("%d and %d bytes, want 4 and 4", Bytes(parts[0]), Bytes(parts[1]))
	}
}
