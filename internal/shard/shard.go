// Package shard splits a listing into parts that several machines verify side
// by side. The same listing always gives the same split, so that machines that
// know nothing of each other agree about it.
package shard

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"migrate/internal/release"
	"migrate/internal/source"
)

// Shard is one of several parts, counted from 1: "2/5".
type Shard struct{ K, N int }

// maxShards is more than any CI system takes.
const maxShards = 10_000

var form = regexp.MustCompile(`^([1-9]\d{0,4})/([1-9]\d{0,4})$`)

// Parse reads a shard, "2/5".
func Parse(s string) (Shard, error) {
	m := form.FindStringSubmatch(s)
	if m == nil {
		return Shard{}, fmt.Errorf("%q is not a shard: write it like 2/5, the second of five", s)
	}
	k, _ := strconv.Atoi(m[1]) // the pattern lets nothing else through
	n, _ := strconv.Atoi(m[2])
	switch {
	case n > maxShards:
		return Shard{}, fmt.Errorf("%d shards are too many: at most %d", n, maxShards)
	case k > n:
		return Shard{}, fmt.Errorf("there is no shard %d of %d: the last is %d/%d", k, n, n, n)
	}
	return Shard{k, n}, nil
}

// String returns the shard as "2/5".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.K, s.N) }

// Split splits items into n parts that have about as many bytes each: no two
// differ by more than the largest artifact has. An unknown size counts as the
// mean of those that are known. Each part keeps the order of items. What is at
// one place and has one name (the same file listed twice) stays together.
//
// It is an error to ask for no part, or for more than there are artifacts to
// fill.
func Split(items []source.Item, n int) ([][]source.Item, error) {
	groups := group(items)
	switch {
	case n < 1:
		return nil, errors.New("nothing can be split into less than 1 shard")
	case n > len(groups):
		return nil, fmt.Errorf("%d artifacts cannot be split into %d shards: ask for at most %d", len(groups), n, len(groups))
	}

	// Longest processing time first (Graham 1969): the heaviest goes to the
	// part that is lightest so far.
	slices.SortStableFunc(groups, func(a, b bundle) int {
		return cmp.Or(-cmp.Compare(a.bytes, b.bytes), a.name.Compare(b.name), cmp.Compare(a.location, b.location))
	})
	type load struct {
		bytes int64
		count int
	}
	loads := make([]load, n)
	part := make([]int, len(items))
	for _, g := range groups {
		// The count keeps files without size from all going to one part.
		i := 0
		for j := range loads {
			if cmp.Or(cmp.Compare(loads[j].bytes, loads[i].bytes), cmp.Compare(loads[j].count, loads[i].count)) < 0 {
				i = j
			}
		}
		loads[i].bytes += g.bytes
		loads[i].count += len(g.items)
		for _, k := range g.items {
			part[k] = i
		}
	}
	parts := make([][]source.Item, n)
	for k, it := range items {
		parts[part[k]] = append(parts[part[k]], it)
	}
	return parts, nil
}

// bundle is the items that one part gets together.
type bundle struct {
	name     release.Name
	location string
	bytes    int64
	items    []int
}

func group(items []source.Item) []bundle {
	type key struct {
		name     release.Name
		location string
	}
	mean := meanSize(items)
	index := make(map[key]int)
	var groups []bundle
	for k, it := range items {
		id := key{it.Name, it.Location}
		i, ok := index[id]
		if !ok {
			i = len(groups)
			index[id] = i
			groups = append(groups, bundle{name: it.Name, location: it.Location})
		}
		size := it.Size
		if size < 0 {
			size = mean
		}
		groups[i].bytes += size
		groups[i].items = append(groups[i].items, k)
	}
	return groups
}

// meanSize is the mean of the known sizes, 0 if there is none.
func meanSize(items []source.Item) int64 {
	var sum, n int64
	for _, it := range items {
		if it.Size >= 0 {
			sum += it.Size
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// Bytes adds up the sizes that are known.
func Bytes(items []source.Item) int64 {
	var sum int64
	for _, it := range items {
		sum += max(0, it.Size)
	}
	return sum
}

// By splits items by a name, such as that of their series, in the order of
// their releases. Each part keeps the order of items.
func By(items []source.Item, name func(source.Item) string) [][]source.Item {
	index := make(map[string]int)
	var parts [][]source.Item
	for _, it := range items {
		k := name(it)
		i, ok := index[k]
		if !ok {
			i = len(parts)
			index[k] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], it)
	}
	slices.SortStableFunc(parts, func(a, b []source.Item) int {
		return a[0].Name.Version.Compare(b[0].Name.Version)
	})
	return parts
}
