package keyrings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"reflect"
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
	Doubted  Outcome = "doubted"   // all that its copy has beside the others cannot be read
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
	// can verify signatures, together with the copies at hand and those of other
	// places: a copy without user ID cannot by itself.
	Copy   pgp.Extracted
	Usable bool

	doubtful bool // Found, and something in it cannot be read that no other copy has
}

// KeyFile returns the copy as a key file whose source is the URL.
func (a Answer) KeyFile() KeyFile { return KeyFile{a.URL, a.Copy.Packets} }

// Fetch asks every place for each of the wanted keys: different places have
// different copies, and an old one may be worth as much as a new one. It asks
// for pinned keys only. Held is what is at hand of them.
//
// The answers come key by key in the order of the roster, and for each key in
// the order of the places, once all of them were asked: what a copy is worth
// depends on the others. A host that cannot be reached is asked no more, nor
// one that has failed several times. If ctx ends, so do the answers.
func (r *Roster) Fetch(ctx context.Context, get Get, held *pgp.Keyring, want []pgp.Fingerprint) iter.Seq[Answer] {
	return func(yield func(Answer) bool) {
		s := newSearch(r, get)
		ring := duplicate(held)
		for _, k := range r.keys {
			if !slices.Contains(want, k.Fingerprint) {
				continue
			}
			var answers []Answer
			for _, p := range places {
				if a, asked := s.ask(ctx, p, *k); asked {
					answers = append(answers, a)
				}
				if ctx.Err() != nil {
					return
				}
			}
			judge(answers, ring)
			for _, a := range answers {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// FetchMissing asks for those of the wanted keys that held does not have, each
// at one place after the other until there is a copy that can verify signatures
// and nothing in which is unreadable. It returns the key files to add to those
// at hand.
//
// The problems are one for each key that there is no copy of, one for each copy
// in which something cannot be read, taken or not, and, if there is one of
// those, one for each host that could not be asked. If ctx ends, the keys not
// asked for by then are among them.
func (r *Roster) FetchMissing(ctx context.Context, get Get, held *pgp.Keyring, want []pgp.Fingerprint) ([]Answer, []Problem) {
	s := newSearch(r, get)
	ring := duplicate(held)
	var found []Answer
	var problems []Problem
	for _, k := range r.keys {
		if !slices.Contains(want, k.Fingerprint) || has(held, k.Fingerprint) {
			continue
		}
		var answers []Answer
		for _, p := range places {
			a, asked := s.ask(ctx, p, *k)
			if !asked {
				continue
			}
			answers = append(answers, a)
			if a.Outcome == Found && readable(a, ring) {
				break
			}
		}
		judge(answers, ring)
		problem := func(message string) {
			problems = append(problems, Problem{fmt.Sprintf("key %s of %s", k.Fingerprint, k.Name), message})
		}
		if !has(ring, k.Fingerprint) {
			problem("is not at hand and could not be fetched: " + strings.Join(reasons(answers), ", "))
			continue
		}
		for _, a := range answers {
			switch {
			case a.Outcome == Doubted:
				problem("the copy of " + a.Place + " was refused: " + a.Reason)
			case a.doubtful:
				problem("the copy of " + a.Place + " is " + a.Reason)
			}
			if a.Outcome == Found {
				found = append(found, a)
			}
		}
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

// reasons say why no place gave a key that can be used.
func reasons(answers []Answer) []string {
	var all []string
	for _, a := range answers {
		switch a.Outcome {
		case Found:
			all = append(all, a.Place+" has a copy without user ID, which is of no use alone")
		case NotFound:
			all = append(all, a.Place+" does not have it")
		case Failed:
			all = append(all, a.Place+" could not be asked")
		default:
			all = append(all, a.Place+": "+a.Reason)
		}
	}
	return all
}

// has reports whether signatures can be verified with the key.
func has(ring *pgp.Keyring, f pgp.Fingerprint) bool {
	return slices.ContainsFunc(ring.Certificates(), func(c pgp.Certificate) bool { return c.Fingerprint == f })
}

func duplicate(ring *pgp.Keyring) *pgp.Keyring {
	return ring.Select(func(pgp.Fingerprint) bool { return true })
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

// ask asks one place for one key. It reports false if the place cannot have the
// key. What it finds is yet to be judged.
func (s *search) ask(ctx context.Context, p place, k Key) (Answer, bool) {
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
	a.Outcome, a.Copy = Found, page.keys[i]
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

// judge says what each copy found is worth beside the others and those in ring,
// and adds those to take to ring. Anybody can put a revocation that nobody can
// check into a copy of somebody else's key, after which no signature by that key
// counts: so the copies without anything of the kind come first, and another one
// is taken for what can be read in it, or if there is no other.
func judge(answers []Answer, ring *pgp.Keyring) {
	var first, rest []*Answer
	for i := range answers {
		switch a := &answers[i]; {
		case a.Outcome != Found:
		case readable(*a, ring):
			first = append(first, a)
		default:
			rest = append(rest, a)
		}
	}
	for _, a := range slices.Concat(first, rest) {
		take(a, ring)
	}
}

// readable reports whether the copy can verify signatures and brings nothing to
// ring that cannot be read.
func readable(a Answer, ring *pgp.Keyring) bool {
	if !has(ring, a.Key.Fingerprint) {
		ring = pgp.NewKeyring() // what is in ring of the key is not the copy's doing
	}
	n := newsOf(a, ring)
	return n.usable && n.unread == "" && n.others == ""
}

// take judges one copy, and adds it to ring if it is to be taken.
func take(a *Answer, ring *pgp.Keyring) {
	before := has(ring, a.Key.Fingerprint)
	n := newsOf(*a, ring)
	refuse := func(o Outcome, reason string) { a.Outcome, a.Reason, a.Copy = o, reason, pgp.Extracted{} }
	switch {
	case before && !n.usable:
		refuse(Refused, "with this copy the key can no longer be read: "+strings.Join(n.skipped, "; "))
		return
	case n.others != "": // that would spoil the key of somebody who is not even asked for
		refuse(Doubted, "beside the key there is "+that(n.others)+remedy)
		return
	case before && n.unread != "" && !n.read:
		refuse(Doubted, "its only news is "+that(n.unread)+remedy)
		return
	case n.unread != "" && before:
		a.doubtful, a.Reason = true, "taken for its other news, though "+n.unread
	case n.unread != "":
		a.doubtful, a.Reason = true, "taken as the only copy, though "+n.unread
	case len(n.skipped) > 0:
		a.Reason = n.skipped[0]
	}
	a.Usable = n.usable
	ring.Add(a.URL, a.Copy.Packets)
}

const remedy = "; to take it all the same, save it and name it with --keyring"

// that makes a thing of a sentence of [pgp.Certificate.Unreadable].
func that(unread string) string {
	return strings.Replace(unread, " cannot be read", " that cannot be read", 1)
}

// news is what a copy would bring to a keyring.
type news struct {
	usable  bool
	read    bool     // of the key, something that can be read
	unread  string   // of the key, something that cannot, as a sentence
	others  string   // the same of other keys
	skipped []string // what the keyring says of the copy
}

func newsOf(a Answer, ring *pgp.Keyring) news {
	f := a.Key.Fingerprint
	before := make(map[pgp.Fingerprint]pgp.Certificate)
	for _, c := range ring.Certificates() {
		before[c.Fingerprint] = c
	}
	with := duplicate(ring)
	_, skipped, err := with.Add(a.URL, a.Copy.Packets)
	var n news
	for _, s := range skipped {
		n.skipped = append(n.skipped, s.Reason)
		// Of a key that is not at hand, but may be one day.
		if s.Fingerprint == "" && strings.HasPrefix(s.Reason, "a revocation the library cannot read") {
			n.others = s.Reason
		}
	}
	if err != nil {
		n.skipped = append(n.skipped, err.Error())
	}
	for _, c := range with.Certificates() {
		old := before[c.Fingerprint]
		unread := added(old.Unreadable, c.Unreadable)
		if c.Fingerprint == f {
			n.usable, n.read, n.unread = true, !reflect.DeepEqual(facts(old), facts(c)), unread
		} else if unread != "" {
			n.others = fmt.Sprintf("%s, of the key %s", unread, c.Fingerprint)
		}
	}
	return n
}

// added returns the first of after that was not in before, or "". The same
// words may be there of several signatures.
func added(before, after []string) string {
	before = slices.Clone(before)
	for _, s := range after {
		i := slices.Index(before, s)
		if i < 0 {
			return s
		}
		before = slices.Delete(before, i, i+1)
	}
	return ""
}

// facts leaves of a certificate what its owner's signatures, which were
// verified, say of it. Subkeys anybody can add.
func facts(c pgp.Certificate) pgp.Certificate {
	c.Copies, c.SHA256, c.Subkeys, c.Unreadable = nil, "", nil, nil
	return c
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
