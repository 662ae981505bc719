package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migrate/compare"
	"migrate/pgp"
	"migrate/sigstore"
)

// DiffSchemaVersion is the version of the JSON that DiffJSON writes.
const DiffSchemaVersion = "1"

//go:embed diff.schema.json
var diffSchema []byte

// DiffSchema returns the JSON Schema (2020-12) of a difference.
func DiffSchema() []byte { return bytes.Clone(diffSchema) }

// Diff is what changed from one report to another. Lists without omitempty are
// never nil.
type Diff struct {
	SchemaVersion string         `json:"schemaVersion"`
	Old           Side           `json:"old"`
	New           Side           `json:"new"`
	Summary       DiffSummary    `json:"summary"`
	Trust         []Change       `json:"trust"`
	Series        []SeriesDiff   `json:"series"`    // oldest first
	Artifacts     []ArtifactDiff `json:"artifacts"` // in the order of the new report; what is gone comes last
	Troubles      []PlaceDiff    `json:"troubles"`
	Unrecognised  []PlaceDiff    `json:"unrecognised"`
}

// Side is one of the two reports.
type Side struct {
	Generator Generator `json:"generator"`
	Created   Time      `json:"created"`
	Sources   []string  `json:"sources"`
	Artifacts int       `json:"artifacts"`
}

// DiffSummary counts what changed.
type DiffSummary struct {
	Same      bool                  `json:"same"`      // nothing changed
	Regressed bool                  `json:"regressed"` // a change is a warning or an error
	Appeared  int                   `json:"appeared"`  // artifacts
	Gone      int                   `json:"gone"`
	Changed   int                   `json:"changed"`
	Levels    map[compare.Level]int `json:"levels"` // changes of every kind by level, zeros too
}

// Change is one fact that is not what it was. What was or is absent is "".
type Change struct {
	What  string        `json:"what"`
	Level compare.Level `json:"level"`
	Old   string        `json:"old,omitempty"`
	New   string        `json:"new,omitempty"`
}

// SeriesDiff is a series whose readiness is not what it was. A series that one
// of the reports does not have has none there.
type SeriesDiff struct {
	Series string             `json:"series"`
	Level  compare.Level      `json:"level"`
	Old    *compare.Readiness `json:"old,omitempty"`
	New    *compare.Readiness `json:"new,omitempty"`
}

// Fate says how an artifact, a finding, or a place differs.
type Fate string

// The fates.
const (
	Appeared Fate = "appeared" // only in the new report
	Gone     Fate = "gone"     // only in the old one
	Changed  Fate = "changed"  // in both, with different facts
)

// ArtifactDiff is one artifact that is not what it was.
type ArtifactDiff struct {
	Name     string          `json:"name"`
	Version  string          `json:"version"`
	Series   string          `json:"series"`
	Place    string          `json:"place"` // path, URL or name; in the new report, unless it is gone
	Fate     Fate            `json:"fate"`
	Level    compare.Level   `json:"level"`   // the highest of what follows
	Verdict  compare.Verdict `json:"verdict"` // in the new report, unless it is gone
	Changes  []Change        `json:"changes"` // none for one that appeared or is gone
	Findings []FindingDiff   `json:"findings"`
}

// FindingDiff is a finding that appeared, or that is resolved (Gone).
type FindingDiff struct {
	Fate    Fate          `json:"fate"`
	Level   compare.Level `json:"level"` // of the change: a resolved finding is a note
	Code    compare.Code  `json:"code"`
	Message string        `json:"message"`
}

// PlaceDiff is a trouble or an unrecognised file that appeared or is gone.
type PlaceDiff struct {
	Fate    Fate          `json:"fate"`
	Level   compare.Level `json:"level"`
	Path    string        `json:"path,omitempty"`
	Message string        `json:"message"`
}

// Compare returns what changed from one report to another.
//
// An artifact is the same one in both by its name and version: that survives a
// mirror that moved, is laid out otherwise, or is now read from elsewhere.
// Where a report has several of one name and version, those at the same path
// or URL belong together, then those with the same digest, then the others in
// their order.
//
// What does not count: when and by which program the reports were made, what
// the sources are called, where in them an artifact lies, and how a finding is
// worded.
func Compare(old, new *Document) *Diff {
	d := &Diff{
		SchemaVersion: DiffSchemaVersion,
		Old:           side(old),
		New:           side(new),
		Trust:         compareTrust(old.Trust, new.Trust),
		Series:        compareSeries(old.Series, new.Series),
		Artifacts:     compareArtifacts(old.Artifacts, new.Artifacts),
		Troubles:      comparePlaces(troublePlaces(old), troublePlaces(new), compare.Error),
		Unrecognised:  comparePlaces(unrecognisedPlaces(old), unrecognisedPlaces(new), compare.Note),
	}
	d.count()
	return d
}

func side(d *Document) Side {
	return Side{Generator: d.Generator, Created: d.Created, Sources: d.Sources, Artifacts: len(d.Artifacts)}
}

func (d *Diff) count() {
	s := &d.Summary
	s.Levels = make(map[compare.Level]int, len(levels))
	for _, l := range levels {
		s.Levels[l] = 0
	}
	for _, c := range d.Trust {
		s.Levels[c.Level]++
	}
	for _, c := range d.Series {
		s.Levels[c.Level]++
	}
	for _, c := range slices.Concat(d.Troubles, d.Unrecognised) {
		s.Levels[c.Level]++
	}
	for _, a := range d.Artifacts {
		switch a.Fate {
		case Appeared:
			s.Appeared++
		case Gone:
			s.Gone++
		case Changed:
			s.Changed++
		}
		if a.Fate == Gone {
			s.Levels[compare.Warning]++
		} else if a.Fate == Appeared {
			s.Levels[compare.Note]++
		}
		for _, c := range a.Changes {
			s.Levels[c.Level]++
		}
		for _, f := range a.Findings {
			s.Levels[f.Level]++
		}
	}
	s.Same = len(d.Trust)+len(d.Series)+len(d.Artifacts)+len(d.Troubles)+len(d.Unrecognised) == 0
	s.Regressed = s.Levels[compare.Error]+s.Levels[compare.Warning] > 0
}

// fact is one thing that a report says of an artifact.
type fact struct {
	what  string
	of    func(*Artifact) string // "" where it is absent
	level func(old, new *Artifact) compare.Level
}

const (
	factDigest  = "digest"
	factVerdict = "verdict"
)

// compared is what is compared of two artifacts, in the order in which people
// want to know it.
var compared = []fact{
	{factDigest, func(a *Artifact) string { return a.SHA256 }, func(old, new *Artifact) compare.Level {
		switch {
		case old.SHA256 == "":
			return compare.Note
		case new.SHA256 == "":
			return compare.Warning // could not be read: not a changed digest
		}
		return compare.Error
	}},
	{"size", func(a *Artifact) string { return sizeText(a.Size) }, func(old, new *Artifact) compare.Level {
		if old.Size != nil && new.Size != nil && old.SHA256 == new.SHA256 {
			return compare.Error // the same digest of other bytes
		}
		return compare.Note // the digest says it
	}},
	{factVerdict, func(a *Artifact) string { return a.Verdict.String() }, func(old, new *Artifact) compare.Level {
		switch {
		case slices.Index(verdicts, new.Verdict) < slices.Index(verdicts, old.Verdict):
			return compare.Note
		case new.Verdict == compare.Conflict, new.Verdict == compare.Failed:
			return compare.Error
		}
		return compare.Warning
	}},
	{"pgp status", func(a *Artifact) string { return a.PGP.found() }, func(old, new *Artifact) compare.Level {
		return loss(old.PGP.passes(), new.PGP.passes())
	}},
	{"pgp key", func(a *Artifact) string { return a.PGP.key() }, replaced(func(a *Artifact) string { return a.PGP.key() })},
	{"pgp signature file", func(a *Artifact) string { return a.PGP.FileSHA256 }, always(compare.Note)},
	{"pgp signature", func(a *Artifact) string { return a.PGP.signature() }, always(compare.Note)},
	{"sigstore status", func(a *Artifact) string { return a.Sigstore.found() }, func(old, new *Artifact) compare.Level {
		return loss(old.Sigstore.passes(), new.Sigstore.passes())
	}},
	{"sigstore identity", func(a *Artifact) string { return a.Sigstore.signer() }, replaced(func(a *Artifact) string { return a.Sigstore.signer() })},
	{"sigstore bundle file", func(a *Artifact) string { return a.Sigstore.FileSHA256 }, always(compare.Note)},
	{"sigstore pair files", func(a *Artifact) string { return wordList([]string{a.Sigstore.SigSHA256, a.Sigstore.CrtSHA256}) }, always(compare.Note)},
	{"sigstore bundle", func(a *Artifact) string { return a.Sigstore.bundle() }, always(compare.Note)},
	{"sigstore log entry", func(a *Artifact) string { return a.Sigstore.logged() }, always(compare.Note)},
	{"claimed identity", func(a *Artifact) string { return a.Sigstore.Claimed.text() }, always(compare.Note)},
	{"published digest", func(a *Artifact) string { return a.published() }, replaced((*Artifact).published)},
	{"expected pgp", func(a *Artifact) string { return a.Expected.PGP.String() }, always(compare.Note)},
	{"expected sigstore", func(a *Artifact) string { return a.Expected.Sigstore.String() }, always(compare.Note)},
	{"recalled", func(a *Artifact) string { return a.Expected.Recalled }, func(_, new *Artifact) compare.Level {
		if new.Expected.Recalled != "" {
			return compare.Warning
		}
		return compare.Note
	}},
	{"trouble", func(a *Artifact) string { return a.Trouble }, func(_, new *Artifact) compare.Level {
		if new.Trouble != "" {
			return compare.Error
		}
		return compare.Note
	}},
}

func always(l compare.Level) func(_, _ *Artifact) compare.Level {
	return func(_, _ *Artifact) compare.Level { return l }
}

// replaced is a warning where there is another value, not where there was none.
func replaced(value func(*Artifact) string) func(old, new *Artifact) compare.Level {
	return func(old, _ *Artifact) compare.Level {
		if value(old) == "" {
			return compare.Note
		}
		return compare.Warning
	}
}

// loss is a warning where something no longer passes.
func loss(before, after bool) compare.Level {
	if before && !after {
		return compare.Warning
	}
	return compare.Note
}

func (p *PGP) passes() bool { return p.Status == pgp.Good || p.Status == pgp.GoodRefreshed }

func (s *Sigstore) passes() bool { return s.Status == sigstore.Good }

// found is the status with all that narrows it down.
func (p *PGP) found() string {
	notes := []string{string(p.Reason)}
	for _, w := range p.Weaknesses {
		notes = append(notes, string(w))
	}
	if p.Unseen {
		notes = append(notes, "not in this source")
	}
	if !p.KeyExpiredSince.IsZero() {
		notes = append(notes, "key expired since "+p.KeyExpiredSince.day())
	}
	if !p.KeyRevokedSince.IsZero() {
		notes = append(notes, "key revoked since "+p.KeyRevokedSince.day())
	}
	return noted(p.Status.String(), notes)
}

// key is the key that made the signature, as far as that is established.
func (p *PGP) key() string {
	switch {
	case p.SigningKey != "" && p.SigningKey != p.Certificate:
		return strings.TrimSpace(p.Certificate + " subkey " + p.SigningKey)
	case p.Certificate != "":
		return p.Certificate
	}
	return ""
}

// signature is what stands in the .asc.
func (p *PGP) signature() string {
	parts := []string{p.Hash, p.Algorithm}
	if p.Issuer != "" {
		parts = append(parts, "issuer "+p.Issuer)
	}
	if !p.Created.IsZero() {
		parts = append(parts, "made "+p.Created.second())
	}
	if p.PacketVersion > 0 {
		parts = append(parts, fmt.Sprintf("version %d", p.PacketVersion))
	}
	if p.Signatures > 1 {
		parts = append(parts, count(p.Signatures, "signature"))
	}
	if len(p.Others) > 0 {
		parts = append(parts, "others "+p.others())
	}
	return wordList(parts)
}

// others are the statuses of the signatures that did not decide.
func (p *PGP) others() string {
	var all []string
	for _, s := range p.Others {
		all = append(all, s.String())
	}
	return strings.Join(all, " ")
}

func (s *Sigstore) found() string {
	return noted(s.Status.String(), append([]string{string(s.Reason)}, holding([]note{
		{s.LegacyPair, "legacy pair"}, {s.NewerThanRoot, "newer than the trust root"}, {s.PromiseHolds, "promise holds"},
	})...))
}

// signer is who signed. What a bundle merely claims is no identity.
func (s *Sigstore) signer() string {
	return cmp.Or(s.Identity.text(), s.PromiseIdentity.text())
}

// bundle is of what form the bundle is.
func (s *Sigstore) bundle() string {
	return wordList(append([]string{s.MediaType, s.BundleVersion, s.KeyAlgorithm, s.HashAlgorithm, s.PredicateType}, holding([]note{
		{s.DeprecatedP384, "P-384 over SHA-256"}, {s.IssuerV1Only, "issuer in the old extension only"},
	})...))
}

// logged is what the transparency log and time authorities say.
func (s *Sigstore) logged() string {
	var parts []string
	if s.LogIndex != nil {
		parts = append(parts, fmt.Sprintf("%d of %s", *s.LogIndex, s.LogID))
	}
	if s.RekorVersion > 0 {
		parts = append(parts, fmt.Sprintf("Rekor %d", s.RekorVersion))
	}
	if !s.LogTime.IsZero() {
		parts = append(parts, "logged "+s.LogTime.second())
	}
	for _, t := range s.Timestamps {
		parts = append(parts, "stamped "+t.second())
	}
	return wordList(append(parts, holding([]note{
		{s.InclusionPromise, "promise"}, {s.InclusionProof, "proof"}, {s.Checkpoint, "checkpoint"},
	})...))
}

// note is something that holds of a bundle or does not.
type note struct {
	holds bool
	text  string
}

func holding(notes []note) (out []string) {
	for _, n := range notes {
		if n.holds {
			out = append(out, n.text)
		}
	}
	return out
}

// text is "" for no identity.
func (id Identity) text() string {
	if id == (Identity{}) {
		return ""
	}
	return id.String()
}

func (id Identity) String() string { return id.SAN + " (" + id.Issuer + ")" }

// published is what is said of the bytes. What a hint says is left out: only
// some sources come with one, and where it differs, a finding says so.
func (a *Artifact) published() string {
	var parts []string
	for _, p := range a.Published {
		if p.Hint {
			continue
		}
		parts = append(parts, strings.Join(slices.DeleteFunc([]string{p.By, p.SHA256, p.MD5, sizeText(p.Size)}, empty), " "))
	}
	return wordList(parts)
}

func (e *ExpectedPGP) String() string {
	return noted(string(e.Presence), e.Signers)
}

func (e *ExpectedSigstore) String() string {
	var who []string
	for _, id := range e.Identities {
		who = append(who, id.String())
	}
	for _, p := range e.Patterns {
		who = append(who, "matching "+p.String())
	}
	return noted(string(e.Presence), who)
}

func noted(s string, notes []string) string {
	notes = slices.DeleteFunc(slices.Clone(notes), empty)
	if len(notes) == 0 {
		return s
	}
	return strings.TrimSpace(s + " (" + strings.Join(notes, ", ") + ")")
}

func wordList(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, empty), ", ")
}

func empty(s string) bool { return s == "" }

func sizeText(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// second keeps fractions too, where there are any.
func (t Time) second() string { return t.Format("2006-01-02T15:04:05.999999999Z") }

// pairOf is one artifact in both reports; nil where a report does not have it.
type pairOf struct{ old, new *Artifact }

// pairs brings the artifacts of both reports together; see Compare.
func pairs(old, new []Artifact) []pairOf {
	type identity struct{ name, version string }
	before := make(map[identity][]*Artifact)
	var names []identity // of old, in order
	for i := range old {
		k := identity{old[i].Name, old[i].Version}
		if before[k] == nil {
			names = append(names, k)
		}
		before[k] = append(before[k], &old[i])
	}
	after := make(map[identity][]*Artifact)
	for i := range new {
		k := identity{new[i].Name, new[i].Version}
		after[k] = append(after[k], &new[i])
	}
	partner := make(map[*Artifact]*Artifact)
	for k, news := range after {
		left := slices.Clone(before[k])
		match := func(same func(a, b *Artifact) bool) {
			for _, b := range news {
				if partner[b] != nil {
					continue
				}
				if i := slices.IndexFunc(left, func(a *Artifact) bool { return same(a, b) }); i >= 0 {
					partner[b] = left[i]
					left = slices.Delete(left, i, i+1)
				}
			}
		}
		match(func(a, b *Artifact) bool { return a.Place() == b.Place() })
		match(func(a, b *Artifact) bool { return a.SHA256 == b.SHA256 && a.SHA256 != "" })
		match(func(_, _ *Artifact) bool { return true })
		before[k] = left
	}
	out := make([]pairOf, 0, len(new))
	for i := range new {
		out = append(out, pairOf{partner[&new[i]], &new[i]})
	}
	for _, k := range names {
		for _, a := range before[k] {
			out = append(out, pairOf{old: a})
		}
	}
	return out
}

func compareArtifacts(old, new []Artifact) []ArtifactDiff {
	out := []ArtifactDiff{}
	for _, p := range pairs(old, new) {
		a := p.new
		if a == nil {
			a = p.old
		}
		d := ArtifactDiff{
			Name: a.Name, Version: a.Version, Series: a.Series, Place: a.Place(), Verdict: a.Verdict,
			Changes: []Change{}, Findings: []FindingDiff{},
		}
		switch {
		case p.new == nil:
			d.Fate, d.Level = Gone, compare.Warning
		case p.old == nil:
			d.Fate, d.Level = Appeared, compare.Note
			d.Findings = compareFindings(nil, a.Findings)
		default:
			d.Fate = Changed
			d.Findings = compareFindings(p.old.Findings, a.Findings)
			for _, f := range compared {
				if before, after := f.of(p.old), f.of(a); before != after {
					d.Changes = append(d.Changes, Change{f.what, f.level(p.old, a), before, after})
				}
			}
			if len(d.Changes)+len(d.Findings) == 0 {
				continue
			}
		}
		for _, c := range d.Changes {
			d.Level = max(d.Level, c.Level)
		}
		for _, f := range d.Findings {
			d.Level = max(d.Level, f.Level)
		}
		out = append(out, d)
	}
	return out
}

// compareFindings goes by code and level, as the wording may be another
// program's.
func compareFindings(old, new []Finding) []FindingDiff {
	type kind struct {
		code  compare.Code
		level compare.Level
	}
	missing := func(from, in []Finding, fate Fate) (out []FindingDiff) {
		left := make(map[kind]int)
		for _, f := range in {
			left[kind{f.Code, f.Level}]++
		}
		for _, f := range from {
			if f.Code == "source/carried-over" { // is about the run, not the artifact
				continue
			}
			if k := (kind{f.Code, f.Level}); left[k] > 0 {
				left[k]--
				continue
			}
			level := f.Level
			if fate == Gone {
				level = compare.Note
			}
			out = append(out, FindingDiff{fate, level, f.Code, f.Message})
		}
		return out
	}
	return append(append([]FindingDiff{}, missing(new, old, Appeared)...), missing(old, new, Gone)...)
}

// unready orders the readinesses from what is well to what is not.
var unready = []compare.Readiness{compare.Ready, compare.ReadyWithGaps, compare.Undetermined, compare.NotReady}

func compareSeries(old, new []Series) []SeriesDiff {
	out := []SeriesDiff{}
	before := make(map[string]*compare.Readiness, len(old))
	for i := range old {
		before[old[i].Series] = &old[i].Readiness
	}
	for i := range new {
		was, is := before[new[i].Series], &new[i].Readiness
		delete(before, new[i].Series)
		d := SeriesDiff{Series: new[i].Series, Level: compare.Note, Old: was, New: is}
		switch {
		case was == nil:
		case *was == *is:
			continue
		case slices.Index(unready, *is) > slices.Index(unready, *was):
			d.Level = compare.Warning
			if *is == compare.NotReady {
				d.Level = compare.Error
			}
		}
		out = append(out, d)
	}
	for _, s := range old {
		if was := before[s.Series]; was != nil {
			out = append(out, SeriesDiff{Series: s.Series, Level: compare.Warning, Old: was})
		}
	}
	slices.SortStableFunc(out, func(a, b SeriesDiff) int { return seriesOrder(a.Series, b.Series) })
	return out
}

// seriesOrder puts 3.9 before 3.10. A document has checked how series are
// written: numbers without leading zeros.
func seriesOrder(a, b string) int {
	x, xs, _ := strings.Cut(a, ".")
	y, ys, _ := strings.Cut(b, ".")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y), cmp.Compare(len(xs), len(ys)), cmp.Compare(xs, ys))
}

func compareTrust(old, new Trust) []Change {
	out := []Change{}
	add := func(what, before, after string) {
		if before != after {
			out = append(out, Change{what, compare.Note, before, after})
		}
	}
	add("trust root", old.TrustRoot.SHA256, new.TrustRoot.SHA256)
	add("roster", old.Roster.SHA256, new.Roster.SHA256)
	add("trust of other parts", otherTrust(old.Others), otherTrust(new.Others))
	before, after := copiesByKey(old.Keys), copiesByKey(new.Keys)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, f := range slices.Sorted(maps.Keys(all)) {
		if b, a := before[f], after[f]; b != a {
			level := compare.Note
			if b.pinned && b.copies != "" && a.copies == "" {
				level = compare.Warning // its signatures can no longer be checked
			}
			out = append(out, Change{"key " + f, level, b.String(), a.String()})
		}
	}
	return out
}

func otherTrust(others []OtherTrust) string {
	var parts []string
	for _, o := range others {
		parts = append(parts, wordList([]string{o.TrustRoot.SHA256, o.Roster.SHA256}))
	}
	return strings.Join(parts, "; ")
}

// placed is a trouble or an unrecognised file.
type placed struct{ path, message string }

func troublePlaces(d *Document) (out []placed) {
	for _, t := range d.Troubles {
		out = append(out, placed{t.Path, t.Message})
	}
	return out
}

func unrecognisedPlaces(d *Document) (out []placed) {
	for _, u := range d.Unrecognised {
		out = append(out, placed{u.Path, u.Reason})
	}
	return out
}

// comparePlaces returns what is in one list only; what appeared is of a level.
func comparePlaces(old, new []placed, level compare.Level) []PlaceDiff {
	out := []PlaceDiff{}
	missing := func(from, in []placed, fate Fate, level compare.Level) {
		left := make(map[placed]int)
		for _, p := range in {
			left[p]++
		}
		for _, p := range from {
			if left[p] > 0 {
				left[p]--
				continue
			}
			out = append(out, PlaceDiff{fate, level, p.path, p.message})
		}
	}
	missing(new, old, Appeared, level)
	missing(old, new, Gone, compare.Note)
	return out
}
