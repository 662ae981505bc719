package keyrings

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"migrate/internal/release"
	"migrate/pgp"
	"migrate/sigstore"
)

// maxRosterSize bounds a roster's text; the embedded one has 12 KiB.
const maxRosterSize = 1 << 20

// The roles and kinds that a roster may name.
var (
	roles = []release.Role{
		release.RoleSource, release.RoleWindows, release.RoleMacOS, release.RoleAndroid, release.RoleIOS,
	}
	kinds = []release.Kind{
		release.KindSource, release.KindWindowsInst, release.KindWindowsMSI, release.KindWindowsEmbed,
		release.KindWindowsSymbols, release.KindWindowsHelp, release.KindWindowsIndex,
		release.KindMacOS, release.KindAndroid, release.KindIOS,
	}
)

var (
	versionForm  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.\d+)?$`)
	personIDForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	labelForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	keyIDForm    = regexp.MustCompile(`^[0-9A-F]{16}$`)
	// What GitHub lets people choose, which can stand in a URL as it is.
	gitHubForm = regexp.MustCompile(`^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$`)
)

// Parse reads a roster. The error joins one error for each mistake, in the
// order of lines, each one line that names source, line and remedy.
func Parse(source string, data []byte) (*Roster, error) {
	d := &decoder{source: source}
	if len(data) > maxRosterSize {
		d.addf(1, "the roster has %d bytes; more than %d cannot be one", len(data), maxRosterSize)
		return nil, d.err()
	}
	r := &Roster{source: source, sha256: sha256.Sum256(data)}
	if root := d.document(data); root != nil {
		d.roster(root, r)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// roster reads the sections in the order in which they refer to each other,
// whatever their order in the file.
func (d *decoder) roster(root *yaml.Node, r *Roster) {
	f := d.fields(root, "the roster",
		"version", "people", "keys", "unpinnable", "identities", "same-person", "series", "kinds", "exceptions", "recalled")
	d.require(root, "the roster", f, "version", "people", "keys", "identities", "series")

	if n := f["version"]; n != nil {
		r.version = d.text(n, "version")
		if r.version != "" && !versionForm.MatchString(r.version) {
			d.errorf(n, "version %q is not a date; write it like 2026-04-28", r.version)
		}
	}
	d.people(f["people"], r)
	keys := d.keys(f["keys"], r)
	d.unpinnable(f["unpinnable"], r)
	identities := d.identities(f["identities"], r)

	r.samePerson = make(map[release.Role]bool)
	for _, role := range oneOf(d, f["same-person"], "role", roles) {
		r.samePerson[role] = true
	}
	d.series(f["series"], r, keys, identities)
	d.kinds(f["kinds"], r)
	d.exceptions(f["exceptions"], r, keys, identities)
	d.recalled(f["recalled"], r)

	for _, k := range r.keys {
		k.Signs = r.signs(k)
	}
}

func (d *decoder) people(n *yaml.Node, r *Roster) {
	r.people = make(map[string]Person)
	for key, value := range d.entries(n, "people") {
		if !personIDForm.MatchString(key.Value) {
			d.errorf(key, "person %q: use lower-case letters, digits and hyphens", key.Value)
		}
		p := Person{ID: key.Value}
		if value.Kind == yaml.MappingNode {
			f := d.fields(value, key.Value, "name", "github")
			d.require(value, key.Value, f, "name")
			p.Name, p.GitHub = d.text(f["name"], "the name of "+key.Value), d.text(f["github"], "github of "+key.Value)
			if p.GitHub != "" && !gitHubForm.MatchString(p.GitHub) {
				d.errorf(f["github"], "github of %s: %q is no user name of GitHub's; write what stands behind github.com/", key.Value, p.GitHub)
			}
		} else {
			p.Name = d.text(value, "the name of "+key.Value)
		}
		r.people[p.ID] = p
	}
}

func (d *decoder) keys(n *yaml.Node, r *Roster) map[string]*Key {
	keys := make(map[string]*Key)
	seen := make(map[pgp.Fingerprint]string)
	for key, value := range d.entries(n, "keys") {
		what := "key " + key.Value
		if !labelForm.MatchString(key.Value) {
			d.errorf(key, "key %q: use letters and digits for its name", key.Value)
		}
		f := d.fields(value, what, "person", "fingerprint", "algorithm", "note")
		d.require(value, what, f, "person", "fingerprint", "algorithm")
		p := d.person(f["person"], what, r)
		k := &Key{
			Label: key.Value, Person: p.ID, Name: p.Name,
			Algorithm: d.text(f["algorithm"], "the algorithm of "+what),
			Note:      d.text(f["note"], "the note of "+what),
		}
		if n := f["fingerprint"]; n != nil {
			fpr, err := pgp.ParseFingerprint(d.text(n, "the fingerprint of "+what))
			if err != nil {
				d.errorf(n, "%s: %v", what, err)
			} else if other, ok := seen[fpr]; ok {
				d.errorf(n, "%s has the fingerprint of key %s; keep one of them", what, other)
			} else {
				seen[fpr] = key.Value
			}
			k.Fingerprint = fpr
		}
		keys[key.Value] = k
		r.keys = append(r.keys, k)
	}
	return keys
}

func (d *decoder) unpinnable(n *yaml.Node, r *Roster) {
	for _, item := range d.items(n, "unpinnable") {
		f := d.fields(item, "an unpinnable key", "person", "key-id", "algorithm", "note")
		d.require(item, "an unpinnable key", f, "person", "key-id")
		p := d.person(f["person"], "an unpinnable key", r)
		u := Unpinnable{
			KeyID: d.text(f["key-id"], "key-id"), Person: p.ID, Name: p.Name,
			Algorithm: d.text(f["algorithm"], "algorithm"), Note: d.text(f["note"], "note"),
		}
		if n := f["key-id"]; n != nil && !keyIDForm.MatchString(u.KeyID) {
			d.errorf(n, "key-id %q is not 16 upper-case hex digits; a key with a full fingerprint belongs in keys", u.KeyID)
		}
		r.unpinnable = append(r.unpinnable, u)
	}
}

func (d *decoder) identities(n *yaml.Node, r *Roster) map[string]*identity {
	identities := make(map[string]*identity)
	type pair struct{ san, pattern, issuer string }
	seen := make(map[pair]string)
	for key, value := range d.entries(n, "identities") {
		what := "identity " + key.Value
		if !labelForm.MatchString(key.Value) || key.Value == string(None) {
			d.errorf(key, "identity %q: use letters, digits and hyphens for its name, and another word than none", key.Value)
		}
		f := d.fields(value, what, "person", "san", "pattern", "issuer")
		id := &identity{label: key.Value, person: Person{Name: key.Value}}
		if f["issuer"] == nil {
			d.errorf(value, "%s has no issuer; an address means nothing without the OIDC issuer that vouches for it", what)
		}
		issuer := d.issuer(f["issuer"], what)
		switch san, pattern := f["san"], f["pattern"]; {
		case (san == nil) == (pattern == nil):
			d.errorf(value, "%s needs either san or pattern", what)
		case pattern != nil:
			id.pattern = sigstore.Pattern{SAN: d.text(pattern, "the pattern of "+what), Issuer: issuer}
			id.matcher = d.pattern(pattern, what, id.pattern.SAN)
		default:
			id.exact = sigstore.Identity{SAN: d.text(san, "the san of "+what), Issuer: issuer}
			d.checkSAN(san, what, id.exact.SAN)
		}
		if f["person"] != nil {
			id.person = d.person(f["person"], what, r)
		} else if f["pattern"] == nil && !strings.Contains(id.exact.SAN, "://") {
			d.errorf(value, "%s has no person; only a workload, with a URI or a pattern, may go without", what)
		}
		p := pair{id.exact.SAN, id.pattern.SAN, issuer}
		if other, ok := seen[p]; ok {
			d.errorf(key, "%s says the same as identity %s; keep one of them", what, other)
		}
		seen[p] = key.Value
		identities[key.Value] = id
		r.known = append(r.known, id)
	}
	return identities
}

// issuer checks an OIDC issuer: OpenID Connect Discovery section 3 has it be an
// https URL without query or fragment, and certificates hold it to the letter.
func (d *decoder) issuer(n *yaml.Node, what string) string {
	s := d.text(n, "the issuer of "+what)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, "?#"):
		d.errorf(n, "%s: issuer %q is not the URL of an issuer; write it like https://accounts.google.com", what, s)
	case u.Scheme != "https":
		d.errorf(n, "%s: issuer %q must begin with https://", what, s)
	}
	return s
}

// checkSAN checks an exact subject alternative name: a mail address or a URI.
func (d *decoder) checkSAN(n *yaml.Node, what, s string) {
	if s == "" {
		return
	}
	if strings.Contains(s, "://") {
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" {
			d.errorf(n, "%s: san %q is not an https URI", what, s)
		}
		return
	}
	local, domain, _ := strings.Cut(s, "@")
	if local == "" || domain == "" || strings.ContainsAny(domain, "@*") || strings.Contains(s, " ") {
		d.errorf(n, "%s: san %q is neither a mail address nor a URI; a regular expression goes into pattern", what, s)
	}
}

// pattern compiles a pattern anchored at both ends, as the verifier does. Every
// match must begin with the same literal host and owner, so that no forgotten
// backslash and no alternative lets a stranger's URI in.
func (d *decoder) pattern(n *yaml.Node, what, s string) *regexp.Regexp {
	if s == "" {
		return nil
	}
	// First by itself: "a)|(b" would step out of the group below.
	re, err := regexp.Compile(s)
	if err != nil {
		d.errorf(n, "%s: pattern does not compile: %s", what, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil
	}
	prefix, _ := re.LiteralPrefix()
	if u, err := url.Parse(prefix); err != nil || u.Scheme != "https" || u.Host == "" || strings.Count(u.Path, "/") < 2 {
		d.errorf(n, `%s: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`, what)
		return nil
	}
	if re, err = regexp.Compile(`\A(?:` + s + `)\z`); err != nil {
		d.errorf(n, "%s: pattern does not compile: %v", what, err)
	}
	return re
}

func (d *decoder) series(n *yaml.Node, r *Roster, keys map[string]*Key, identities map[string]*identity) {
	r.series = make(map[release.Series]*seriesRow)
	for _, item := range d.items(n, "series") {
		f := d.fields(item, "a series row",
			"series", "source", "windows", "macos", "android", "ios", "pgp", "sigstore", "sigstore-from", "why")
		d.require(item, "a series row", f, "series", "sigstore")
		for _, s := range d.seriesList(f["series"]) {
			row := d.seriesRow(item, f, s, keys, identities)
			if other, ok := r.series[s]; ok {
				d.errorf(f["series"], "series %s has a row already, in line %d; a series has one row", s, other.line)
				continue
			}
			r.series[s] = row
		}
	}
}

func (d *decoder) seriesRow(item *yaml.Node, f map[string]*yaml.Node, s release.Series, keys map[string]*Key, identities map[string]*identity) *seriesRow {
	what := "series " + s.String()
	row := &seriesRow{
		line:    item.Line,
		signers: make(map[release.Role]steps[*Key]),
		why:     d.text(f["why"], "why of "+what),
	}
	for _, role := range roles {
		if n := f[string(role)]; n != nil {
			row.signers[role] = readSteps(d, n, s, "key", "keys", keys)
		}
	}
	switch n := f["pgp"]; {
	case n == nil && len(row.signers) == 0:
		d.errorf(item, "%s names no key for any role; name some, or write pgp: none", what)
	case n != nil && d.text(n, "pgp") != string(None):
		d.errorf(n, "%s: pgp can only be none here; otherwise name the keys for each role", what)
	case n != nil && len(row.signers) > 0:
		d.errorf(n, "%s has keys although pgp is none; remove one of the two", what)
	case n != nil && row.why == "":
		d.errorf(n, "%s: pgp: none needs why, one sentence for the report", what)
	}
	row.noPGP = f["pgp"] != nil

	none := false
	if n := f["sigstore"]; n != nil {
		if none = n.Kind == yaml.ScalarNode && n.Value == string(None); !none {
			row.identities = readSteps(d, n, s, "identity", "identities", identities)
		}
	}
	if n := f["sigstore-from"]; n != nil {
		row.sigstoreFrom = d.version(n)
		switch {
		case none:
			d.errorf(n, "%s: sigstore is none and cannot begin; remove sigstore-from", what)
		case row.sigstoreFrom != release.Version{} && row.sigstoreFrom.Series() != s:
			d.errorf(n, "%s: sigstore-from %s is of another series; give the series a row of its own", what, row.sigstoreFrom)
		}
	}
	return row
}

func (d *decoder) kinds(n *yaml.Node, r *Roster) {
	r.kinds = make(map[release.Kind]kindRow)
	for _, item := range d.items(n, "kinds") {
		f := d.fields(item, "a row of kinds", "kind", "pgp", "sigstore", "why")
		d.require(item, "a row of kinds", f, "kind", "why")
		if f["pgp"] == nil && f["sigstore"] == nil {
			d.errorf(item, "a row of kinds says nothing; add pgp or sigstore")
		}
		row := kindRow{
			pgp: d.presence(f["pgp"]), sigstore: d.presence(f["sigstore"]),
			why: d.text(f["why"], "why"),
		}
		for _, k := range oneOf(d, f["kind"], "kind", kinds) {
			if _, ok := r.kinds[k]; ok {
				d.errorf(item, "kind %s has a row already; a kind has one row", k)
			}
			r.kinds[k] = row
		}
	}
}

func (d *decoder) exceptions(n *yaml.Node, r *Roster, keys map[string]*Key, identities map[string]*identity) {
	for _, item := range d.items(n, "exceptions") {
		f := d.fields(item, "an exception", "releases", "roles", "kinds", "pgp", "sigstore", "signers", "identities", "why")
		d.require(item, "an exception", f, "releases", "why")
		x := &exception{
			line:       item.Line,
			releases:   d.spans(f["releases"], r),
			roles:      oneOf(d, f["roles"], "role", roles),
			kinds:      oneOf(d, f["kinds"], "kind", kinds),
			pgp:        d.presence(f["pgp"]),
			sigstore:   d.presence(f["sigstore"]),
			signers:    names(d, f["signers"], "key", "keys", keys),
			identities: names(d, f["identities"], "identity", "identities", identities),
			why:        d.text(f["why"], "why"),
		}
		if f["pgp"] == nil && f["sigstore"] == nil && f["signers"] == nil && f["identities"] == nil {
			d.errorf(item, "an exception says nothing; add pgp, sigstore, signers or identities")
		}
		d.checkRequired(item, x, r)
		for _, y := range r.exceptions {
			if x.contradicts(y) {
				d.errorf(item, "this exception and that in line %d both speak about the same artifacts; make one of them narrower", y.line)
			}
		}
		r.exceptions = append(r.exceptions, x)
	}
}

// checkRequired refuses a row that has a signature required where nobody may
// make it. A series has what it has at the first release from then on.
func (d *decoder) checkRequired(n *yaml.Node, x *exception, r *Roster) {
	if x.pgp == Required && x.signers == nil && x.roles == nil {
		d.errorf(n, "an exception with pgp: required needs roles or signers")
	}
	for _, s := range x.releases {
		row := r.series[s.first.Series()]
		if row == nil {
			continue // refused already
		}
		if x.sigstore == Required && x.identities == nil && row.identities.at(s.first) == nil {
			d.errorf(n, "sigstore is required for %s, but nobody may sign it; add identities", s.first)
		}
		for _, role := range x.roles {
			if x.pgp == Required && x.signers == nil && row.signers[role].at(s.first) == nil {
				d.errorf(n, "pgp is required for %s files of %s, but nobody may sign them; add signers", role, s.first)
			}
		}
	}
}

func (d *decoder) recalled(n *yaml.Node, r *Roster) {
	r.recalled = make(map[release.Version]string)
	for _, item := range d.items(n, "recalled") {
		f := d.fields(item, "a recalled release", "release", "why")
		d.require(item, "a recalled release", f, "release", "why")
		v := d.version(f["release"])
		if v == (release.Version{}) {
			continue
		}
		d.knownSeries(f["release"], v, r)
		if _, ok := r.recalled[v]; ok {
			d.errorf(item, "release %s is recalled twice; keep one row", v)
		}
		r.recalled[v] = d.text(f["why"], "why")
	}
}

// decoder walks a roster's nodes and collects every mistake.
type decoder struct {
	source string
	errs   []lineError
}

type lineError struct {
	line int
	err  error
}

func (d *decoder) addf(line int, format string, args ...any) {
	d.errs = append(d.errs, lineError{line, fmt.Errorf("%s:%d: %w", d.source, line, fmt.Errorf(format, args...))})
}

func (d *decoder) errorf(n *yaml.Node, format string, args ...any) { d.addf(n.Line, format, args...) }

// err joins the mistakes in the order of lines. A row with several series
// makes the same mistake several times; it is told once.
func (d *decoder) err() error {
	slices.SortStableFunc(d.errs, func(a, b lineError) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, e := range d.errs {
		if !slices.ContainsFunc(errs, func(x error) bool { return x.Error() == e.err.Error() }) {
			errs = append(errs, e.err)
		}
	}
	return errors.Join(errs...)
}

var yamlError = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)

// document returns the root of the only document in data.
func (d *decoder) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		d.addf(1, "the roster is empty; leave it out to use the embedded one")
		return nil
	} else if err != nil {
		d.yaml(err)
		return nil
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		d.errorf(&more, "a second document begins here; a roster is one document")
	} else if !errors.Is(err, io.EOF) {
		d.yaml(err)
	}
	if len(doc.Content) != 1 {
		return nil
	}
	return doc.Content[0]
}

// yaml adds an error of the YAML library, whose line is that of the mistake or
// the one before: its parser counts from 0 and its scanner from 1.
func (d *decoder) yaml(err error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := yamlError.FindStringSubmatch(first)
	line, _ := strconv.Atoi(m[1])
	d.addf(max(line, 1), "this line or the next is not YAML: %s", m[2])
}

// entries yields the pairs of a mapping, and refuses duplicates. n may be nil.
func (d *decoder) entries(n *yaml.Node, what string) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil {
			return
		}
		if n.Kind != yaml.MappingNode {
			d.errorf(n, "%s must be a mapping, name: value", what)
			return
		}
		seen := make(map[string]int)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if d.text(key, "a name in "+what) == "" {
				continue
			}
			if line, ok := seen[key.Value]; ok {
				d.errorf(key, "%q stands twice in %s, first in line %d; keep one", key.Value, what, line)
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, value) {
				return
			}
		}
	}
}

// fields returns the values of a mapping whose names are all among allowed.
func (d *decoder) fields(n *yaml.Node, what string, allowed ...string) map[string]*yaml.Node {
	f := make(map[string]*yaml.Node)
	for key, value := range d.entries(n, what) {
		if !slices.Contains(allowed, key.Value) {
			d.errorf(key, "%s has no field %q; there are %s", what, key.Value, strings.Join(allowed, ", "))
			continue
		}
		f[key.Value] = value
	}
	return f
}

// require refuses a mapping without one of the names. A node that is no
// mapping was refused already.
func (d *decoder) require(n *yaml.Node, what string, f map[string]*yaml.Node, names ...string) {
	for _, name := range names {
		if f[name] == nil && n.Kind == yaml.MappingNode {
			d.errorf(n, "%s has no %s; add it", what, name)
		}
	}
}

// items returns the items of a list. n may be nil.
func (d *decoder) items(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.errorf(n, "%s must be a list, one - a row", what)
		return nil
	}
	return n.Content
}

// scalars returns a single value as a list of one, and a list as it is.
func (d *decoder) scalars(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		return []*yaml.Node{n}
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		return n.Content
	}
	d.errorf(n, "%s needs a value or a list of values", what)
	return nil
}

// maxText bounds a value; the longest sentence of the embedded roster is well
// under half of it.
const maxText = 300

// text returns a scalar as it is spelled: 3.10 is a series and no number. It
// returns "" for nil and for what it refused.
func (d *decoder) text(n *yaml.Node, what string) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.errorf(n, "%s: anchors and aliases are not allowed in a roster; write the value out", what)
	case n.Kind != yaml.ScalarNode:
		d.errorf(n, "%s must be a single value", what)
	case n.Value == "" || n.Tag == "!!null":
		d.errorf(n, "%s is empty; fill it in or remove it", what)
	case len(n.Value) > maxText:
		d.errorf(n, "%s is longer than %d bytes; shorten it", what, maxText)
	case strings.ContainsFunc(n.Value, func(c rune) bool { return !strconv.IsPrint(c) }):
		d.errorf(n, "%s has a character that cannot be shown: %q; remove it", what, n.Value)
	default:
		return n.Value
	}
	return ""
}

func (d *decoder) person(n *yaml.Node, what string, r *Roster) Person {
	id := d.text(n, "the person of "+what)
	p, ok := r.people[id]
	if !ok && id != "" {
		d.errorf(n, "%s: nobody is called %q; add them to people", what, id)
	}
	return p
}

// presence reads required, optional or none; "" for nil.
func (d *decoder) presence(n *yaml.Node) Presence {
	p := Presence(d.text(n, "a presence"))
	if p != "" && !slices.Contains(strength, p) {
		d.errorf(n, "%q is no presence; write required, optional or none", p)
		return ""
	}
	return p
}

// oneOf reads one or several of the allowed words.
func oneOf[T ~string](d *decoder, n *yaml.Node, what string, allowed []T) []T {
	var list []T
	for _, item := range d.scalars(n, what) {
		s := T(d.text(item, "a "+what))
		switch {
		case s == "":
		case !slices.Contains(allowed, s):
			d.errorf(item, "%q is no %s; there are %v", s, what, allowed)
		case slices.Contains(list, s):
			d.errorf(item, "%s %s stands twice; keep one", what, s)
		default:
			list = append(list, s)
		}
	}
	return list
}

// names reads a list of names and looks each up in the section it must be in.
func names[T any](d *decoder, n *yaml.Node, what, section string, known map[string]T) []T {
	var list []T
	var seen []string
	for _, item := range d.scalars(n, what) {
		s := d.text(item, "a name")
		v, ok := known[s]
		switch {
		case s == "":
		case !ok:
			d.errorf(item, "there is no %s %q; add it to %s", what, s, section)
		case slices.Contains(seen, s):
			d.errorf(item, "%s %s stands twice; keep one", what, s)
		default:
			seen, list = append(seen, s), append(list, v)
		}
	}
	return list
}

// readSteps reads [A, B], or {first: [A], 3.13.2: [B]} in rising order.
func readSteps[T any](d *decoder, n *yaml.Node, s release.Series, what, section string, known map[string]T) steps[T] {
	if n.Kind != yaml.MappingNode {
		return steps[T]{{who: names(d, n, what, section, known)}}
	}
	var list steps[T]
	for key, value := range d.entries(n, "a list of steps") {
		st := step[T]{who: names(d, value, what, section, known)}
		if key.Value != "first" {
			st.from = d.version(key)
			if st.from == (release.Version{}) {
				continue
			}
			if st.from.Series() != s {
				d.errorf(key, "step %s is not of series %s; give the series a row of its own", st.from, s)
			}
		}
		if len(list) > 0 && st.from.Compare(list[len(list)-1].from) <= 0 {
			d.errorf(key, "step %s does not come after the step before it; put the steps in order", key.Value)
		}
		list = append(list, st)
	}
	if len(list) == 0 {
		d.errorf(n, "a list of steps is empty; write first: [NAME]")
	}
	return list
}

// version reads a version in its canonical spelling. It returns the zero
// Version for what it refused.
func (d *decoder) version(n *yaml.Node) release.Version {
	s := d.text(n, "a release")
	if s == "" {
		return release.Version{}
	}
	v, err := release.ParseVersion(s)
	if err != nil {
		d.errorf(n, "%v", err)
		return release.Version{}
	}
	if v == (release.Version{}) {
		d.errorf(n, "there is no release %s", v)
	} else if v.String() != s {
		d.errorf(n, "release %q: write %s", s, v)
	}
	return v
}

// rangeSign stands between the ends of a range.
const rangeSign = ".."

// seriesList reads 3.7, [2.6, 3.0] or 3.14..3.15.
func (d *decoder) seriesList(n *yaml.Node) []release.Series {
	var list []release.Series
	for _, item := range d.scalars(n, "series") {
		text := d.text(item, "a series")
		if text == "" {
			continue
		}
		from, to, isRange := strings.Cut(text, rangeSign)
		first, err := release.ParseSeries(from)
		last := first
		if err == nil && isRange {
			last, err = release.ParseSeries(to)
		}
		switch {
		case err != nil:
			d.errorf(item, "%v", err)
		case first.Major != last.Major || last.Minor < first.Minor || last.Minor-first.Minor > 100:
			d.errorf(item, "%s is no range of series; write it like 3.14..3.15", text)
		default:
			for m := first.Minor; m <= last.Minor; m++ {
				list = append(list, release.Series{Major: first.Major, Minor: m})
			}
		}
	}
	return list
}

// spans reads releases: 3.7.2, [3.7.2, 3.7.4] or 3.10.7..3.10.10.
func (d *decoder) spans(n *yaml.Node, r *Roster) []span {
	var list []span
	for _, item := range d.scalars(n, "releases") {
		text := d.text(item, "a release")
		if text == "" {
			continue
		}
		from, to, isRange := strings.Cut(text, rangeSign)
		first, last := *item, *item
		first.Value = from
		sp := span{first: d.version(&first)}
		sp.last = sp.first
		if isRange {
			last.Value = to
			sp.last = d.version(&last)
		}
		switch (release.Version{}) {
		case sp.first, sp.last:
			continue
		}
		if sp.first.Series() != sp.last.Series() || sp.last.Compare(sp.first) < 0 {
			d.errorf(item, "%s is no range of releases of one series; write it like 3.10.7..3.10.10", text)
			continue
		}
		d.knownSeries(item, sp.first, r)
		list = append(list, sp)
	}
	return list
}

func (d *decoder) knownSeries(n *yaml.Node, v release.Version, r *Roster) {
	if r.series[v.Series()] == nil {
		d.errorf(n, "release %s: series %s has no row; add it to series", v, v.Series())
	}
}
