package keyrings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"migrate/pgp"
)

// Get fetches what is at an https URL, at most limit bytes of it: more is an
// error. The error is fs.ErrNotExist, by errors.Is, if the server says that
// there is nothing, and one with the methods of net.Error, by errors.As, if the
// server could not be reached or did not answer in time.
type Get func(ctx context.Context, url string, limit int64) ([]byte, error)

// A place is somewhere keys are looked for. Nothing in it is trusted: what is
// taken from there is taken for its full fingerprint.
type place struct {
	host string
	// url is where that key is asked for, or "" if the place cannot have it.
	url func(Key, Person) string
	// one says that the place is asked for one key, and that an answer without
	// it is wrong. Others have many keys, and may well lack that one.
	one bool
}

// places are asked in this order. The key server of Ubuntu keeps what
// keys.openpgp.org leaves out: user IDs that were never confirmed, and the keys
// of people who no longer use theirs.
var places = []place{
	{"keys.openpgp.org", func(k Key, _ Person) string {
		return "https://keys.openpgp.org/vks/v1/by-fingerprint/" + string(k.Fingerprint)
	}, true},
	{"keyserver.ubuntu.com", func(k Key, _ Person) string {
		return "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x" + string(k.Fingerprint)
	}, true},
	{"github.com", func(_ Key, p Person) string {
		if p.GitHub == "" {
			return ""
		}
		return "https://github.com/" + p.GitHub + ".gpg"
	}, false},
	{"www.python.org", func(Key, Person) string {
		return "https://www.python.org/static/files/pubkeys.txt"
	}, false},
}

// Places returns the hosts that keys are looked for at, in the order in which
// they are asked.
func Places() []string {
	var hosts []string
	for _, p := range places {
		hosts = append(hosts, p.host)
	}
	return hosts
}

// Outcome is what came of asking one place for one key. The zero value is none
// of them.
type Outcome string

// The outcomes. That a place was not asked because it failed before is Failed.
const (
	Found    Outcome = "found"
	NotFound Outcome = "not-found" // the place says that it does not have the key
	Refused  Outcome = "refused"   // what it answered is not the key, or must not be taken
	Failed   Outcome = "failed"    // it could not be asked
)

// Answer is what one place answered about one key.
type Answer struct {
	Key     Key
	Place   string // host, e.g. "keys.openpgp.org"
	URL     string
	Outcome Outcome
	Reason  string // one line, lower case; for Found what should be known of the copy, or ""

	// Copy is the key and nothing else, if it was found. Usable says that it
	// can verify signatures, together with the copies at hand and those found
	// before it: a copy without user ID cannot by itself.
	Copy   pgp.Extracted
	Usable bool
}

// KeyFile returns the copy as a key file whose source is the URL.
func (a Answer) KeyFile() KeyFile { return KeyFile{a.URL, a.Copy.Packets} }

// Fetch asks every place for each of the wanted keys: different places have
// different copies, and an old one may be worth as much as a new one. It asks
// for pinned keys only. Held is what is at hand of them.
//
// The answers come key by key in the order of the roster, and for each key in
// the order of the places. A host that cannot be reached is asked no more, nor
// one that has failed several times. If ctx ends, so do the answers.
func (r *Roster) Fetch(ctx context.Context, get Get, held *pgp.Keyring, want []pgp.Fingerprint) iter.Seq[Answer] {
	return func(yield func(Answer) bool) {
		s := newSearch(r, get)
		for _, k := range r.keys {
			if !slices.Contains(want, k.Fingerprint) {
				continue
			}
			ring := held.Select(func(f pgp.Fingerprint) bool { return f == k.Fingerprint })
			for _, p := range places {
				a, asked := s.ask(ctx, p, *k, ring)
				if ctx.Err() != nil || asked && !yield(a) {
					return
				}
			}
		}
	}
}

// FetchMissing asks for those of the wanted keys that held does not have, each
// at one place after the other until there is a copy that can verify
// signatures. It returns the key files to add to those at hand.
//
// The problems are one for each key that there is no copy of, and, if there is
// one, one for each host that could not be asked. If ctx ends, the keys not
// asked for by then are among them.
func (r *Roster) FetchMissing(ctx context.Context, get Get, held *pgp.Keyring, want []pgp.Fingerprint) ([]Answer, []Problem) {
	s := newSearch(r, get)
	var found []Answer
	var problems []Problem
	for _, k := range r.keys {
		if !slices.Contains(want, k.Fingerprint) || has(held, k.Fingerprint) {
			continue
		}
		ring := held.Select(func(f pgp.Fingerprint) bool { return f == k.Fingerprint })
		var copies []Answer
		var reasons []string
		usable := false
		for _, p := range places {
			a, asked := s.ask(ctx, p, *k, ring)
			switch {
			case !asked:
				continue
			case a.Outcome == Found:
				copies = append(copies, a)
				usable = a.Usable
				if !usable {
					reasons = append(reasons, p.host+" has a copy without user ID, which is of no use alone")
				}
			case a.Outcome == NotFound:
				reasons = append(reasons, p.host+" does not have it")
			case a.Outcome == Refused:
				reasons = append(reasons, p.host+": "+a.Reason)
			default:
				reasons = append(reasons, p.host+" could not be asked")
			}
			if usable {
				break
			}
		}
		if usable {
			found = append(found, copies...)
			continue
		}
		problems = append(problems, Problem{fmt.Sprintf("key %s of %s", k.Fingerprint, k.Name),
			"is not at hand and could not be fetched: " + strings.Join(reasons, ", ")})
	}
	if problems != nil {
		for _, p := range places {
			if why := s.hosts[p.host].why; why != "" {
				problems = append(problems, Problem{p.host, "could not be asked for keys: " + why})
			}
		}
	}
	for _, f := range want {
		if _, ok := r.Key(f); !ok {
			problems = append(problems, Problem{"key " + string(f), "was not fetched: the roster does not pin it"})
		}
	}
	return found, problems
}

// has reports whether signatures can be verified with the key.
func has(ring *pgp.Keyring, f pgp.Fingerprint) bool {
	return slices.ContainsFunc(ring.Certificates(), func(c pgp.Certificate) bool { return c.Fingerprint == f })
}

// A search is one run: what has been answered, and which hosts are worth asking.
type search struct {
	roster *Roster
	get    Get
	pages  map[string]*page // by URL: one page may have several keys
	hosts  map[string]*host
}

// A page is what a URL gave.
type page struct {
	keys    []pgp.Extracted
	left    int // other keys in it
	skipped []pgp.Skipped
	outcome Outcome // "" if it could be read
	reason  string
}

type host struct {
	failures int
	why      string // the last failure
	down     bool
}

// maxFailures is how often a host may fail, though it can be reached.
const maxFailures = 3

func newSearch(r *Roster, get Get) *search {
	s := &search{roster: r, get: get, pages: make(map[string]*page), hosts: make(map[string]*host)}
	for _, p := range places {
		s.hosts[p.host] = &host{}
	}
	return s
}

// ask asks one place for one key, and adds what it finds to ring. It reports
// false if the place cannot have the key.
func (s *search) ask(ctx context.Context, p place, k Key, ring *pgp.Keyring) (Answer, bool) {
	person, _ := s.roster.Person(k.Person)
	a := Answer{Key: k, Place: p.host, URL: p.url(k, person)}
	if a.URL == "" {
		return a, false
	}
	page := s.page(ctx, p.host, a.URL)
	if page.outcome != "" {
		a.Outcome, a.Reason = page.outcome, page.reason
		return a, true
	}
	i := slices.IndexFunc(page.keys, func(x pgp.Extracted) bool { return x.Fingerprint == k.Fingerprint })
	if i < 0 {
		a.Outcome, a.Reason = page.without(p.one, k.Fingerprint)
		return a, true
	}
	a.Copy = page.keys[i]
	s.judge(&a, ring)
	return a, true
}

// without says what it means that a page does not have the key.
func (p *page) without(one bool, f pgp.Fingerprint) (Outcome, string) {
	for _, s := range p.skipped {
		if s.Fingerprint == "" || s.Fingerprint == f {
			return Refused, s.Reason
		}
	}
	switch keys := p.left + len(p.keys); {
	case !one || keys == 0:
		return NotFound, ""
	case keys == 1:
		return Refused, "it answered with another key, whose fingerprint is not this one's"
	default:
		return Refused, fmt.Sprintf("it answered with %d other keys, none with this fingerprint", keys)
	}
}

// judge says what a copy is worth beside those in ring.
func (s *search) judge(a *Answer, ring *pgp.Keyring) {
	f := a.Key.Fingerprint
	before := has(ring, f)
	with := ring.Select(func(pgp.Fingerprint) bool { return true })
	_, skipped, err := with.Add(a.URL, a.Copy.Packets)
	a.Usable = has(with, f)
	var reasons []string
	for _, s := range skipped {
		reasons = append(reasons, s.Reason)
	}
	if err != nil {
		reasons = append(reasons, err.Error())
	}
	if before && !a.Usable {
		a.Outcome, a.Copy = Refused, pgp.Extracted{}
		a.Reason = "with this copy the key can no longer be read: " + strings.Join(reasons, "; ")
		return
	}
	a.Outcome = Found
	if len(reasons) > 0 {
		a.Reason = reasons[0]
	}
	ring.Add(a.URL, a.Copy.Packets)
}

// page returns what is at the URL, which is asked for once.
func (s *search) page(ctx context.Context, name, url string) *page {
	if p, ok := s.pages[url]; ok {
		return p
	}
	h := s.hosts[name]
	if h.down {
		return &page{outcome: Failed, reason: "not asked, because it failed before: " + h.why}
	}
	if err := ctx.Err(); err != nil {
		return &page{outcome: Failed, reason: "not asked: " + err.Error()}
	}
	p := &page{}
	s.pages[url] = p
	data, err := s.get(ctx, url, maxKeyFileSize)
	if err == nil && len(data) > maxKeyFileSize {
		err = fmt.Errorf("the answer has more than %d MiB", maxKeyFileSize>>20)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.outcome = NotFound
		return p
	case err != nil:
		h.failures++
		h.why = oneLine(err)
		h.down = h.failures >= maxFailures || unreachable(err)
		p.outcome, p.reason = Failed, h.why
		return p
	}
	pinned := func(f pgp.Fingerprint) bool { _, ok := s.roster.Key(f); return ok }
	p.keys, p.left, p.skipped, err = pgp.Extract(data, pinned)
	if err != nil {
		p.outcome, p.reason = Refused, oneLine(err)
	}
	return p
}

// unreachable reports whether the error is one of the connection. The methods
// are net.Error's; this package does not know the network.
func unreachable(err error) bool {
	var e interface {
		error
		Timeout() bool
		Temporary() bool
	}
	return errors.As(err, &e)
}

// oneLine is an error's text on one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
