// Package clients knows which versions of which Sigstore clients accept a
// bundle, by what the bundle needs of them. It is pure: it does no I/O and reads
// no clock.
package clients

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"migrate/sigstore"
)

// Need is one thing that a bundle needs of the client that is to accept it.
type Need string

// The needs.
const (
	BundleV01          Need = "bundle-v0.1"
	BundleV02          Need = "bundle-v0.2"
	BundleV03Parameter Need = "bundle-v0.3-parameter" // media type with ;version=0.3
	BundleV03          Need = "bundle-v0.3"           // media type with .v0.3+json
	NoCheckpoint       Need = "no-checkpoint"         // a v0.1 bundle whose inclusion proof has no checkpoint
	P384SHA256         Need = "p384-sha256"           // a P-384 key that signed over SHA-256
	Timestamp          Need = "rfc3161-timestamp"
	RekorV2            Need = "rekor-v2"
	// Unlisted is a form that no table has a row for, so that of every client
	// it is unknown whether it accepts it.
	Unlisted Need = "unlisted"
)

// needs are those that a table has rows for, in the order of every list.
var needs = []Need{BundleV01, BundleV02, BundleV03Parameter, BundleV03, NoCheckpoint, P384SHA256, Timestamp, RekorV2}

// Text says in a few words what is needed, e.g. "P-384 key with SHA-256".
func (n Need) Text() string {
	switch n {
	case BundleV01, BundleV02:
		return "bundle v" + strings.TrimPrefix(string(n), "bundle-v")
	case BundleV03Parameter:
		return "bundle v0.3 spelled ;version=0.3"
	case BundleV03:
		return "bundle v0.3 spelled .v0.3+json"
	case NoCheckpoint:
		return "inclusion proof without checkpoint"
	case P384SHA256:
		return "P-384 key with SHA-256"
	case Timestamp:
		return "RFC 3161 timestamp"
	case RekorV2:
		return "Rekor v2 entry"
	case Unlisted:
		return "a form that the table of clients does not have"
	}
	return string(n)
}

// The media types that python.org's bundles have (bundle specification,
// sigstore_bundle.proto); other spellings are Unlisted.
var mediaTypes = map[string]Need{
	"application/vnd.dev.sigstore.bundle+json;version=0.1": BundleV01,
	"application/vnd.dev.sigstore.bundle+json;version=0.2": BundleV02,
	"application/vnd.dev.sigstore.bundle+json;version=0.3": BundleV03Parameter,
	"application/vnd.dev.sigstore.bundle.v0.3+json":        BundleV03,
}

// Needs returns what a bundle needs, by the facts that a check found of it. A
// timestamp counts also where the log's time would do: whether a client that
// knows of no timestamps passes over one, nobody says.
func Needs(r sigstore.Result) []Need {
	form, ok := mediaTypes[r.MediaType]
	if !ok {
		form = Unlisted
	}
	all := []Need{form}
	if r.InclusionProof && !r.Checkpoint {
		all = append(all, NoCheckpoint)
	}
	switch {
	case r.DeprecatedP384:
		all = append(all, P384SHA256)
	case r.KeyAlgorithm != "ECDSA-P256" || r.HashAlgorithm != "SHA-256":
		all = append(all, Unlisted)
	}
	if len(r.Timestamps) > 0 {
		all = append(all, Timestamp)
	}
	if r.RekorVersion == 2 {
		all = append(all, RekorV2)
	}
	if r.PredicateType != "" || r.RekorVersion == 0 {
		all = append(all, Unlisted)
	}
	return Union(all)
}

// Union returns what is in any of the lists, once, in order.
func Union(lists ...[]Need) []Need {
	var all []Need
	for _, n := range append(slices.Clone(needs), Unlisted) {
		if slices.ContainsFunc(lists, func(l []Need) bool { return slices.Contains(l, n) }) {
			all = append(all, n)
		}
	}
	return all
}

// Table says which version of each client was the first to accept each need.
type Table struct {
	source  string
	version string
	sha256  string
	clients []client
}

type client struct {
	name     string
	accepts  map[Need]acceptance
	flags    []flag
	packages []pkg
}

// since says from when on a client accepts a need. The zero value is unknown.
type since uint8

const (
	unknown since = iota
	always        // every version
	from          // a version and later ones
	present       // some versions, and nobody says which was the first
	never         // no version
)

type acceptance struct {
	since   since
	first   string // for from
	refused string // the version from which on it is refused again; "" for none
}

// flag is one that versions need on their command line.
type flag struct {
	Flag
	needs []Need // for which it is needed; none: for every bundle
}

type pkg struct {
	Package
	none bool // there is no package
}

//go:embed clients.yaml
var embedded []byte

// Embedded returns the table that comes with the program.
func Embedded() (*Table, error) { return Parse("embedded", embedded) }

// Source is where the table was read from, as Parse was told.
func (t *Table) Source() string { return t.source }

// Version is the date of the table's facts.
func (t *Table) Version() string { return t.version }

// SHA256 is the hex digest of the bytes the table was read from.
func (t *Table) SHA256() string { return t.sha256 }

// Names returns the names of the clients, in the table's order.
func (t *Table) Names() []string {
	var names []string
	for _, c := range t.clients {
		names = append(names, c.name)
	}
	return names
}

// Answer says which versions of a client accept everything that is needed. If
// Never and Unknown are empty these are the versions from Min on, which is known
// then; every version if Min is "".
type Answer struct {
	Min     string // the lowest version that may; "" if nothing speaks against any
	Below   string // versions from this one on do not; "" for none
	Unknown []Need // of which nobody says from which version on they are accepted
	Never   []Need // which no version accepts, or none that accepts the rest
	Flags   []Flag // that some of the versions need
}

// Flag is one that some versions need on their command line.
type Flag struct {
	Name        string
	From, Until string // the first and the last version; Until is the last of all
}

// First returns from which version on a client accepts all that is needed, and
// an error if the table does not have the client.
func (t *Table) First(name string, needed []Need) (Answer, error) {
	c, err := t.client(name)
	if err != nil {
		return Answer{}, err
	}
	return c.first(needed), nil
}

func (c *client) first(needed []Need) Answer {
	var a Answer
	for _, n := range needed {
		switch acc := c.accepts[n]; acc.since {
		case never:
			a.Never = append(a.Never, n)
		case unknown, present:
			a.Unknown = append(a.Unknown, n)
		case from:
			a.Min = higher(a.Min, acc.first)
		}
	}
	for _, n := range needed {
		acc := c.accepts[n]
		switch {
		case acc.refused == "":
		case compare(a.Min, acc.refused) >= 0:
			a.Never = append(a.Never, n)
		case a.Below == "" || compare(acc.refused, a.Below) < 0:
			a.Below = acc.refused
		}
	}
	if len(a.Never) > 0 {
		// What is known of the other needs is of no use to anybody.
		return Answer{Never: Union(a.Never)}
	}
	for _, f := range c.flags {
		if f.applies(needed) && (a.Min == "" || compare(f.Until, a.Min) >= 0) {
			f.From = higher(f.From, a.Min)
			a.Flags = append(a.Flags, f.Flag)
		}
	}
	return a
}

func (f flag) applies(needed []Need) bool {
	return len(f.needs) == 0 || slices.ContainsFunc(f.needs, func(n Need) bool { return slices.Contains(needed, n) })
}

// Status says whether a version accepts something.
type Status string

// The statuses.
const (
	Unknown   Status = "unknown"
	Accepts   Status = "accepts"
	Refuses   Status = "refuses"
	NoPackage Status = "none" // there is no package
)

// Check says what one version of a client makes of what is needed.
type Check struct {
	Status Status
	Needs  []Need // those that make it Refuses or Unknown
	Flags  []string
}

// Check returns whether a version of a client accepts all that is needed. The
// error says what is wrong with the client or the version.
func (t *Table) Check(v Version, needed []Need) (Check, error) {
	c, err := t.client(v.Client)
	if err != nil {
		return Check{}, err
	}
	if err := v.check(); err != nil {
		return Check{}, err
	}
	return c.check(v.Version, false, needed), nil
}

// check judges a version, or one that is no older than it.
func (c *client) check(version string, orLater bool, needed []Need) Check {
	var refused, open []Need
	for _, n := range needed {
		acc := c.accepts[n]
		older := acc.since == from && compare(version, acc.first) < 0
		again := acc.refused != "" && compare(version, acc.refused) >= 0
		switch {
		case acc.since == never || again || older && !orLater:
			refused = append(refused, n)
		case older, acc.since == unknown, acc.since == present, orLater && acc.refused != "":
			open = append(open, n)
		}
	}
	switch {
	case len(refused) > 0:
		return Check{Status: Refuses, Needs: refused}
	case len(open) > 0:
		return Check{Status: Unknown, Needs: open}
	}
	out := Check{Status: Accepts}
	for _, f := range c.flags {
		if f.applies(needed) && compare(version, f.From) >= 0 && compare(version, f.Until) <= 0 {
			out.Flags = append(out.Flags, f.Name)
		}
	}
	return out
}

// Requirement says which versions of one client accept a set of bundles, and
// what that means for those that distributions have packages of.
type Requirement struct {
	Client string
	Answer
	Packages []Packaged
}

// Package is a client as a distribution has it.
type Package struct {
	Distribution, Release, Name string
	Version                     string // "" if there is no package
	OrLater                     bool   // Version is the lowest that it may be
}

// Packaged says whether a package accepts all that is needed.
type Packaged struct {
	Package
	Status Status
}

// Require returns what accepting all that is needed takes of every client.
func (t *Table) Require(needed []Need) []Requirement {
	var all []Requirement
	for i := range t.clients {
		c := &t.clients[i]
		r := Requirement{Client: c.name, Answer: c.first(needed)}
		for _, p := range c.packages {
			status := NoPackage
			if !p.none {
				status = c.check(p.Version, p.OrLater, needed).Status
			}
			r.Packages = append(r.Packages, Packaged{p.Package, status})
		}
		all = append(all, r)
	}
	return all
}

// Version is a version of a client that somebody asks about.
type Version struct {
	Client, Version string
}

// ParseVersion reads CLIENT=VERSION, e.g. "cosign=2.2.4", of a client that the
// table has.
func (t *Table) ParseVersion(s string) (Version, error) {
	name, version, ok := strings.Cut(s, "=")
	if !ok {
		return Version{}, fmt.Errorf("%q is no client and version: write it like cosign=2.4.0", s)
	}
	if _, err := t.client(name); err != nil {
		return Version{}, err
	}
	v := Version{name, strings.TrimPrefix(version, "v")}
	return v, v.check()
}

func (v Version) check() error {
	if !validVersion(v.Version) {
		return fmt.Errorf("%q is no version of %s: write it like 2.4.0", v.Version, v.Client)
	}
	return nil
}

// SortVersions returns the versions in order, each once.
func SortVersions(list []Version) []Version {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Version) int {
		return cmp.Or(strings.Compare(a.Client, b.Client), compare(a.Version, b.Version))
	})
	return slices.Compact(list)
}

// String returns, for example, "cosign 2.2.4".
func (v Version) String() string { return v.Client + " " + v.Version }

func (t *Table) client(name string) (*client, error) {
	for i := range t.clients {
		if t.clients[i].name == name {
			return &t.clients[i], nil
		}
	}
	return nil, fmt.Errorf("no client is called %q: there are %s", name, strings.Join(t.Names(), ", "))
}

// maxVersion bounds a version's text.
const maxVersion = 40

// validVersion reports whether s is a semantic version with all three numbers,
// without a v before it and without build metadata, which have no order.
func validVersion(s string) bool {
	v := "v" + s
	return len(s) <= maxVersion && semver.IsValid(v) && semver.Canonical(v) == v
}

func compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }

// higher returns the higher of two versions, of which "" is the lowest.
func higher(a, b string) string {
	if a == "" || b != "" && compare(a, b) < 0 {
		return b
	}
	return a
}
