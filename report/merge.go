package report

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"migrate/compare"
	"migrate/internal/clients"
	"migrate/internal/cycle"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/keyrings"
)

// Input is one of the reports that become one.
type Input struct {
	Name     string // of its file, for errors
	Document *Document
}

// MergeOptions say how to make one report of several.
type MergeOptions struct {
	Generator Generator        // the program that merges, since it judges
	Roster    *keyrings.Roster // that the parts were made with
	// Clients is the table of clients that the series are judged with again, if
	// that of any part was.
	Clients *clients.Table
	// AllowDifferentTrust merges also parts that stood on different trust
	// roots, rosters or copies of keys. Roster has to be that of one of them.
	AllowDifferentTrust bool
	// AllowMissing merges also parts that are not all there are. The result is
	// then a part itself.
	AllowMissing bool
}

// Merge makes one report of parts, e.g. those of a CI matrix. It verifies
// nothing again; but what the parts found is judged again as a whole, since
// readiness is about all of a series, and some findings show only beside other
// artifacts. The result is the report that one undivided run would have given,
// made when the last of the parts was.
//
// An artifact in several parts (the same path or URL, name and version) is one
// if the facts about it are the same; else the error is a *ConflictError.
// Parts that stood on different trust are a *TrustError unless allowed; what
// they stood on is then all in Trust. Release cycles are no trust and may
// differ: that of the part made last counts, and for a series that it does not
// have that of a part which does.
func Merge(parts []Input, opt MergeOptions) (*Document, error) {
	if len(parts) == 0 {
		return nil, errors.New("there is nothing to merge")
	}
	trust, err := mergeTrust(parts, opt)
	if err != nil {
		return nil, err
	}
	artifacts, err := mergeArtifacts(parts)
	if err != nil {
		return nil, err
	}
	part, err := mergePart(parts, opt)
	if err != nil {
		return nil, err
	}
	run := Run{Generator: opt.Generator, Offline: true, Part: part, Trust: trust, Cycle: mergeCycle(parts)}
	if run.Clients, run.Asked, err = mergeClients(parts, opt.Clients); err != nil {
		return nil, err
	}
	var unrecognised union[Unrecognised]
	var troubles union[Trouble]
	run.Origins = origins(parts, opt.Generator)
	for _, p := range parts {
		d := p.Document
		if d.Created.After(run.Time) {
			run.Time = d.Created.Time
		}
		run.Offline = run.Offline && d.Offline
		for _, s := range d.Sources {
			if !slices.Contains(run.Sources, s) {
				run.Sources = append(run.Sources, s)
			}
		}
		unrecognised.add(d.Unrecognised)
		troubles.add(d.Troubles)
	}
	for _, u := range unrecognised.list {
		run.Unrecognised = append(run.Unrecognised, source.Unrecognised{Location: u.Path, Reason: u.Reason})
	}
	for _, t := range troubles.list {
		run.Troubles = append(run.Troubles, source.Trouble{Location: t.Path, Message: t.Message})
	}

	evidence := make([]compare.Evidence, 0, len(artifacts))
	for _, a := range artifacts {
		e, err := a.evidence()
		if err != nil {
			return nil, err
		}
		evidence = append(evidence, e)
	}
	run.Assessments, run.Series = compare.AssessAll(evidence, opt.Roster)
	return New(run), nil
}

// origins returns what made the parts, and when, if that is not the same for
// all, or not this program. A part that was merged itself has its own.
func origins(parts []Input, program Generator) []Origin {
	var all union[Origin]
	for _, p := range parts {
		own := p.Document.Origins
		if own == nil {
			own = []Origin{{p.Document.Generator, p.Document.Created}}
		}
		for _, o := range own {
			if !slices.Contains(all.list, o) {
				all.add([]Origin{o})
			}
		}
	}
	if len(all.list) == 1 && all.list[0].Generator == program {
		return nil
	}
	slices.SortFunc(all.list, func(a, b Origin) int {
		return cmp.Or(a.Created.Compare(b.Created.Time), cmp.Compare(a.Generator.String(), b.Generator.String()))
	})
	return all.list
}

// mergePart returns what the merged report is a part of: nil if it is whole.
// The parts are known not to contradict each other.
func mergePart(parts []Input, opt MergeOptions) (*Part, error) {
	var divided, whole []Input
	for _, p := range parts {
		if p.Document.Part == nil {
			whole = append(whole, p)
			continue
		}
		divided = append(divided, p)
		if a, b := divided[0], p; a.Document.Part.Of != b.Document.Part.Of {
			return nil, fmt.Errorf("%s is a part of %s and %s of %d: merge the parts of one source, made when it was the same",
				a.Name, count(a.Document.Part.Of, "artifact"), b.Name, b.Document.Part.Of)
		}
	}
	if len(divided) == 0 {
		return nil, nil
	}
	of := divided[0].Document.Part.Of
	artifacts, err := mergeArtifacts(divided)
	if err != nil {
		return nil, err
	}
	n := len(artifacts)
	if n == of || slices.ContainsFunc(whole, func(w Input) bool { return len(w.Document.Artifacts) == of && w.hasAll(artifacts) }) {
		return nil, nil
	}
	switch {
	case n > of:
		return nil, fmt.Errorf("the parts hold %s, and say that they are of %d: merge the parts of one source, made when it was the same", count(n, "artifact"), of)
	case len(whole) > 0:
		return nil, fmt.Errorf("the parts hold %d of %s, and %s is no part of them: merge the parts by themselves", n, count(of, "artifact"), whole[0].Name)
	case !opt.AllowMissing:
		return nil, fmt.Errorf("the parts hold %d of %s: name the missing parts, or pass --allow-missing", n, count(of, "artifact"))
	}
	return &Part{Selection: "merged parts", Of: of}, nil
}

func (in Input) hasAll(artifacts []*Artifact) bool {
	held := make(map[artifactKey]bool, len(in.Document.Artifacts))
	for i := range in.Document.Artifacts {
		held[in.Document.Artifacts[i].key()] = true
	}
	return !slices.ContainsFunc(artifacts, func(a *Artifact) bool { return !held[a.key()] })
}

// union is what several lists have, in order. What one list has twice stays
// twice: parts of one run repeat what concerns the whole source.
type union[T comparable] struct {
	list []T
	held map[T]int
}

func (u *union[T]) add(list []T) {
	if u.held == nil {
		u.held = make(map[T]int)
	}
	here := make(map[T]int)
	for _, v := range list {
		if here[v]++; here[v] > u.held[v] {
			u.held[v]++
			u.list = append(u.list, v)
		}
	}
}

// artifactKey is what makes an artifact the same one in two parts.
type artifactKey struct{ place, name, version string }

func (a *Artifact) key() artifactKey { return artifactKey{a.Place(), a.Name, a.Version} }

// mergeArtifacts returns the artifacts of all parts, each once. What one part
// lists several times under one key (two mirrors side by side) stays so, and
// another part has to list just the same.
func mergeArtifacts(parts []Input) ([]*Artifact, error) {
	type listed struct {
		part      string
		artifacts []*Artifact
	}
	seen := make(map[artifactKey]listed)
	var all []*Artifact
	var conflicts ConflictError
	for _, p := range parts {
		here := make(map[artifactKey][]*Artifact)
		var order []artifactKey
		for i := range p.Document.Artifacts {
			a := &p.Document.Artifacts[i]
			k := a.key()
			if here[k] == nil {
				order = append(order, k)
			}
			here[k] = append(here[k], a)
		}
		for _, k := range order {
			before, again := seen[k]
			switch {
			case !again:
				seen[k] = listed{p.Name, here[k]}
				all = append(all, here[k]...)
			case !slices.EqualFunc(before.artifacts, here[k], (*Artifact).sameFacts):
				conflicts.Conflicts = append(conflicts.Conflicts, Conflict{
					Place: k.place, A: before.part, B: p.Name,
					Differences: disagreement(before.artifacts, here[k]),
				})
			}
		}
	}
	if len(conflicts.Conflicts) > 0 {
		return nil, &conflicts
	}
	return all, nil
}

// sameFacts reports whether two entries say the same about an artifact, but
// for the judgement, which depends on what else a report has.
func (a *Artifact) sameFacts(b *Artifact) bool {
	x, y := *a, *b
	x.Verdict, y.Verdict = compare.Unchecked, compare.Unchecked
	x.Findings, y.Findings = nil, nil
	return reflect.DeepEqual(x, y)
}

// ConflictError says that parts contradict each other.
type ConflictError struct{ Conflicts []Conflict }

// Conflict is one artifact about which two parts say different things.
type Conflict struct {
	Place       string // path or URL of the artifact
	A, B        string // names of the parts
	Differences []Change
}

// fewConflicts is how many conflicts an error spells out.
const fewConflicts = 5

func (e *ConflictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the parts contradict each other about %s: merge reports on the same files, or make them again", count(len(e.Conflicts), "artifact"))
	for _, c := range e.Conflicts[:min(len(e.Conflicts), fewConflicts)] {
		for _, d := range c.Differences {
			fmt.Fprintf(&b, "\n%s: %s is %s in %s and %s in %s", c.Place, d.What, orNone(d.Old), c.A, orNone(d.New), c.B)
		}
	}
	if rest := len(e.Conflicts) - fewConflicts; rest > 0 {
		fmt.Fprintf(&b, "\nand %s like these", count(rest, "more artifact"))
	}
	return b.String()
}

// disagreement says in which facts two lists of entries differ.
func disagreement(a, b []*Artifact) []Change {
	if len(a) != len(b) {
		return []Change{{What: "number of entries", Old: fmt.Sprint(len(a)), New: fmt.Sprint(len(b))}}
	}
	var out []Change
	for i := range a {
		if a[i].sameFacts(b[i]) {
			continue
		}
		n := len(out)
		for _, f := range compared {
			if before, after := f.of(a[i]), f.of(b[i]); f.what != factVerdict && before != after {
				out = append(out, Change{What: f.what, Old: before, New: after})
			}
		}
		if len(out) == n { // a detail that no change is made of
			out = append(out, otherFact(a[i], b[i]))
		}
	}
	return out
}

// otherFact names the first field in which two entries differ.
func otherFact(a, b *Artifact) Change {
	var walk func(x, y reflect.Value, at string) (Change, bool)
	walk = func(x, y reflect.Value, at string) (Change, bool) {
		if x.Kind() != reflect.Struct || x.Type() == reflect.TypeFor[Time]() {
			if reflect.DeepEqual(x.Interface(), y.Interface()) {
				return Change{}, false
			}
			return Change{What: at, Old: shown(x), New: shown(y)}, true
		}
		for i := range x.NumField() {
			f := x.Type().Field(i)
			if f.Name == "Verdict" || f.Name == "Findings" {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if c, ok := walk(x.Field(i), y.Field(i), strings.TrimPrefix(at+"."+name, ".")); ok {
				return c, true
			}
		}
		return Change{}, false
	}
	c, _ := walk(reflect.ValueOf(*a), reflect.ValueOf(*b), "")
	return c
}

func shown(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

func orNone(s string) string {
	if s == "" {
		return "absent"
	}
	return s
}

// TrustError says that parts stood on different trust.
type TrustError struct {
	What     string // "trust roots", "rosters", "copies of the key ..."
	A, B     string // names of the parts
	Old, New string // what each stood on
}

func (e *TrustError) Error() string {
	return fmt.Sprintf("%s and %s stood on different %s (%s, and %s): make the parts with the same, or allow it with --allow-different-trust",
		e.A, e.B, e.What, e.Old, e.New)
}

// mergeTrust returns what the parts stood on. Where a trust root or roster is
// from does not matter, since machines differ; its digest does.
func mergeTrust(parts []Input, opt MergeOptions) (Trust, error) {
	first := parts[0]
	for _, p := range parts[1:] {
		if err := differentTrust(first, p); err != nil && !opt.AllowDifferentTrust {
			return Trust{}, err
		}
	}
	// The judgement is made with one roster.
	lead := slices.IndexFunc(parts, func(p Input) bool { return p.Document.Trust.Roster.SHA256 == opt.Roster.SHA256() })
	if lead < 0 {
		return Trust{}, fmt.Errorf("%s was made with the roster %s and not with the one given, %s: give the same with --roster",
			first.Name, orNone(first.Document.Trust.Roster.SHA256), opt.Roster.SHA256())
	}
	trust := parts[lead].Document.Trust
	trust.ReleaseCycle, trust.ClientTable = ReleaseCycle{}, ClientTable{} // New puts in those that count
	var latest ReleaseCycle
	if dated := byCycle(parts); len(dated) > 0 {
		latest = dated[0].Trust.ReleaseCycle
	}
	var others union[OtherTrust]
	for _, p := range parts {
		t := p.Document.Trust
		others.add(t.Others)
		var other OtherTrust
		if t.TrustRoot.SHA256 != trust.TrustRoot.SHA256 || t.Roster.SHA256 != trust.Roster.SHA256 {
			other.TrustRoot, other.Roster = t.TrustRoot, t.Roster
		}
		if t.ReleaseCycle.SHA256 != latest.SHA256 {
			other.ReleaseCycle = t.ReleaseCycle
		}
		if other != (OtherTrust{}) {
			others.add([]OtherTrust{other})
		}
	}
	trust.Others = others.list
	trust.Keys = mergeKeys(parts, trust.Keys)
	return trust, nil
}

// differentTrust returns a *TrustError, or nil.
func differentTrust(a, b Input) error {
	t, u := a.Document.Trust, b.Document.Trust
	switch {
	case t.TrustRoot.SHA256 != u.TrustRoot.SHA256:
		return &TrustError{"trust roots", a.Name, b.Name, orNone(t.TrustRoot.SHA256), orNone(u.TrustRoot.SHA256)}
	case t.Roster.SHA256 != u.Roster.SHA256:
		return &TrustError{"rosters", a.Name, b.Name, orNone(t.Roster.SHA256), orNone(u.Roster.SHA256)}
	case !slices.Equal(trustOnly(t.Others), trustOnly(u.Others)):
		return &TrustError{"trust roots", a.Name, b.Name, "merged from different trust", "not the same"}
	}
	keys, others := copiesByKey(t.Keys), copiesByKey(u.Keys)
	for _, k := range slices.Concat(t.Keys, u.Keys) {
		if x, y := keys[k.Fingerprint], others[k.Fingerprint]; x != y {
			return &TrustError{"copies of the key " + k.Fingerprint, a.Name, b.Name, x.String(), y.String()}
		}
	}
	return nil
}

// trustOnly leaves out the release cycles.
func trustOnly(others []OtherTrust) (out []OtherTrust) {
	for _, o := range others {
		if o.ReleaseCycle = (ReleaseCycle{}); o != (OtherTrust{}) {
			out = append(out, o)
		}
	}
	return out
}

// byCycle returns the documents that say what release cycle they had, the one
// that was made last first. Those made at one time are in an order that does not
// depend on that of the parts.
func byCycle(parts []Input) (out []*Document) {
	for _, p := range parts {
		if p.Document.Trust.ReleaseCycle != (ReleaseCycle{}) {
			out = append(out, p.Document)
		}
	}
	slices.SortStableFunc(out, func(a, b *Document) int {
		x, y := a.Trust.ReleaseCycle, b.Trust.ReleaseCycle
		return cmp.Or(b.Created.Compare(a.Created.Time), y.Date.Start().Compare(x.Date.Start()), cmp.Compare(x.SHA256, y.SHA256), cmp.Compare(x.Source, y.Source))
	})
	return out
}

// mergeCycle returns the release cycle of the series in the parts, as far as
// they say it; nil if none does.
func mergeCycle(parts []Input) *cycle.Cycle {
	dated := byCycle(parts)
	if len(dated) == 0 {
		return nil
	}
	c := dated[0].Trust.ReleaseCycle
	same := func(d *Document) bool { return d.Trust.ReleaseCycle.SHA256 == c.SHA256 }
	other := slices.DeleteFunc(slices.Clone(dated), same)
	rows := make(map[release.Series]cycle.Row)
	for _, d := range append(slices.DeleteFunc(dated, func(d *Document) bool { return !same(d) }), other...) {
		for _, s := range d.Series {
			name, err := release.ParseSeries(s.Series)
			if _, ok := rows[name]; ok || err != nil || s.EndOfLife.IsZero() {
				continue
			}
			rows[name] = cycle.Row{Status: s.Status, FirstRelease: s.FirstRelease, EndOfLife: s.EndOfLife}
		}
	}
	return cycle.New(c.Source, c.SHA256, c.Date, rows)
}

// mergeClients returns the table of clients, nil if no part had one, and the
// clients that any part was asked about, in an order that does not depend on
// that of the parts. A client that the table does not have is an error.
func mergeClients(parts []Input, t *clients.Table) (*clients.Table, []clients.Version, error) {
	had := func(p Input) bool { return p.Document.Trust.ClientTable != ClientTable{} }
	if t == nil || !slices.ContainsFunc(parts, had) {
		return nil, nil, nil
	}
	var asked []clients.Version
	for _, p := range parts {
		for _, c := range p.Document.AskedClients {
			v, err := t.ParseVersion(c.Client + "=" + c.Version)
			if err != nil {
				return nil, nil, fmt.Errorf("%s asks about a client: %w", p.Name, err)
			}
			asked = append(asked, v)
		}
	}
	return t, clients.SortVersions(asked), nil
}

// keyState is whether a key is pinned, and the digests of its copies.
type keyState struct {
	pinned bool
	copies string
}

func (s keyState) String() string {
	switch {
	case !s.pinned:
		return "not pinned"
	case s.copies == "":
		return "not at hand"
	}
	return s.copies
}

func copiesByKey(keys []Key) map[string]keyState {
	m := make(map[string]keyState, len(keys))
	for _, k := range keys {
		var digests []string
		for _, c := range k.Copies {
			digests = append(digests, c.SHA256)
		}
		slices.Sort(digests)
		m[k.Fingerprint] = keyState{true, strings.Join(slices.Compact(digests), " and ")}
	}
	return m
}

// mergeKeys returns the keys of all parts with all their copies.
func mergeKeys(parts []Input, lead []Key) []Key {
	keys := slices.Clone(lead)
	for _, p := range parts {
		for _, k := range p.Document.Trust.Keys {
			i := slices.IndexFunc(keys, func(l Key) bool { return l.Fingerprint == k.Fingerprint })
			if i < 0 {
				i = len(keys)
				keys = append(keys, Key{Fingerprint: k.Fingerprint, Person: k.Person, Name: k.Name, SHA256: k.SHA256, Expires: k.Expires})
			}
			if keys[i].SHA256 != k.SHA256 { // there is no one state of it
				keys[i].SHA256, keys[i].Expires = "", Time{}
			}
			for _, c := range k.Copies {
				if !slices.ContainsFunc(keys[i].Copies, func(d KeyCopy) bool { return d.SHA256 == c.SHA256 }) {
					keys[i].Copies = append(slices.Clip(keys[i].Copies), c)
				}
			}
		}
	}
	return keys
}
