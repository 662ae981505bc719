package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"migrate/compare"
	"migrate/internal/cycle"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// This file has what the renderers for people share: the answer in words, what
// to do, and artifacts and findings that are alike brought together. Nothing
// in it is escaped yet.

// The readinesses in the order in which the answer names them.
var readinesses = []compare.Readiness{
	compare.Ready, compare.ReadyWithGaps, compare.NotReady, compare.Undetermined,
}

// answer says in one or a few sentences whether Sigstore can take PGP's place.
func (d *Document) answer() string {
	if len(d.Artifacts) == 0 {
		return "No artifacts were found, so there is no answer."
	}
	words := map[compare.Readiness]string{
		compare.Ready:         "Yes for",
		compare.ReadyWithGaps: "Yes, with gaps, for",
		compare.NotReady:      "No for",
		compare.Undetermined:  "Undetermined for",
	}
	var sentences []string
	for _, r := range readinesses {
		var names []string
		for _, s := range newestFirst(d.Series) {
			if s.Readiness != r {
				continue
			}
			name := s.Series
			if r == compare.Ready || r == compare.ReadyWithGaps {
				// A yes is worth what it stands on.
				name += " (" + count(s.Artifacts, "artifact") + ")"
			}
			names = append(names, name)
		}
		if len(names) > 0 {
			sentences = append(sentences, words[r]+" "+enumerate(names)+".")
		}
	}
	return strings.Join(sentences, " ")
}

// caveat says what was not looked at, or "".
func (d *Document) caveat() string {
	var sentences []string
	if p := d.Part; p != nil {
		sentences = append(sentences, fmt.Sprintf("This is a part of the source (%s): %d of %s.",
			p.Selection, len(d.Artifacts), count(p.Of, "artifact")))
	}
	var parts []string
	if n := len(d.Troubles); n > 0 {
		parts = append(parts, count(n, "place")+" could not be looked at")
	}
	if n := d.Summary.Verdicts[compare.Unchecked]; n > 0 {
		parts = append(parts, count(n, "artifact")+" could not be checked")
	}
	if n := len(d.Unrecognised); n > 0 {
		parts = append(parts, count(n, "file")+" "+was(n)+" not recognised")
	}
	if len(parts) > 0 {
		sentences = append(sentences, enumerate(parts)+".")
	}
	return strings.Join(sentences, " ")
}

// newestFirst returns the series that people ask about first, first.
func newestFirst(series []Series) []Series {
	out := slices.Clone(series)
	slices.Reverse(out)
	return out
}

// life says in which phase a series is and when its life ends, e.g. "security,
// ends 2028-10".
func (s *Series) life() string {
	switch {
	case s.EndOfLife.IsZero():
		return "not known"
	case s.Status == cycle.EndOfLife:
		return string(s.Status) + " " + s.EndOfLife.String()
	}
	return strings.TrimSpace(string(s.Status) + ", ends " + s.EndOfLife.String())
}

// alive reports whether the document says of any series how long it lives.
func (d *Document) alive() bool {
	return slices.ContainsFunc(d.Series, func(s Series) bool { return !s.EndOfLife.IsZero() })
}

// step is what to do for the series whose reasons are the same.
type step struct {
	series    []string
	readiness compare.Readiness
	reasons   []Reason
}

// steps returns what to do, newest series first. Series that share their
// reasons word for word share a step.
func (d *Document) steps() []step {
	var steps []step
	index := make(map[string]int)
	for _, s := range newestFirst(d.Series) {
		reasons := s.Reasons
		if len(reasons) == 0 {
			reasons = []Reason{{Message: unexplained(s.Readiness)}}
		}
		key := s.Readiness.String()
		for _, r := range reasons {
			// Artifacts are of one series, and so is the step.
			key += fmt.Sprintf("\x00%s\x00%s\x00%q", r.Code, r.Message, r.Artifacts)
		}
		if i, ok := index[key]; ok {
			steps[i].series = append(steps[i].series, s.Series)
			continue
		}
		index[key] = len(steps)
		steps = append(steps, step{[]string{s.Series}, s.Readiness, reasons})
	}
	return steps
}

// unexplained stands in for reasons that a document does not give.
func unexplained(r compare.Readiness) string {
	switch r {
	case compare.Ready:
		return "Check Sigstore in place of PGP: nothing is lost."
	case compare.ReadyWithGaps:
		return "Check Sigstore in place of PGP, except for the artifacts without a bundle."
	case compare.NotReady:
		return "Keep checking PGP."
	}
	return "Keep checking PGP until everything could be checked."
}

// outcome is what one method found, short enough for a table.
type outcome struct {
	status string
	note   string // narrows the status down
	who    string // signer or identity
}

// String returns, for example, "weak (weak-hash): Benjamin Peterson".
func (o outcome) String() string {
	s := o.what()
	if o.who != "" {
		s += ": " + o.who
	}
	return s
}

func (o outcome) what() string {
	if o.note == "" {
		return o.status
	}
	return o.status + " (" + o.note + ")"
}

func (a *Artifact) pgpOutcome() outcome {
	p := &a.PGP
	o := outcome{status: p.Status.String(), note: string(p.Reason)}
	switch {
	case p.Status == pgp.Missing:
		o.note = absence(a.Expected.PGP.Presence)
	case p.Unseen:
		o.note = "not in this source"
	case len(p.Weaknesses) > 0:
		var list []string
		for _, w := range p.Weaknesses {
			list = append(list, string(w))
		}
		o.note = strings.Join(list, ", ")
	}
	switch {
	case p.SignerName != "":
		o.who = p.SignerName
	case p.UserID != "":
		o.who = p.UserID
	case p.Certificate != "":
		o.who = p.Certificate
	case p.Status == pgp.UnknownKey:
		o.who = p.Issuer
	}
	return o
}

func (a *Artifact) sigstoreOutcome() outcome {
	s := &a.Sigstore
	o := outcome{status: s.Status.String(), note: string(s.Reason)}
	switch s.Status {
	case sigstore.Missing:
		o.note = absence(a.Expected.Sigstore.Presence)
	case sigstore.GoodFromLog:
		o.status, o.note = fromTheLog()
	}
	if s.NewerThanRoot {
		o.note = "newer than the trust root"
	}
	switch {
	case s.Identity.SAN != "":
		o.who = s.Identity.SAN
	case s.PromiseIdentity.SAN != "":
		o.who = s.PromiseIdentity.SAN
	}
	return o
}

// fromTheLog is how people read good-from-log.
func fromTheLog() (status, note string) { return "good", "from the log" }

// absence tells a gap from what was never to be expected.
func absence(p keyrings.Presence) string {
	switch p {
	case keyrings.Required:
		return "a gap"
	case keyrings.Optional:
		return "optional"
	case keyrings.None:
		return "as expected"
	}
	return ""
}

// row is one artifact, or several that are alike, in a table.
type row struct {
	label     string // the name, or what the artifacts have in common
	artifacts []*Artifact
	pgp       outcome
	sigstore  outcome
}

func (r row) verdict() compare.Verdict { return r.artifacts[0].Verdict }

// bySeries returns the artifacts of each series in the document's order.
func (d *Document) bySeries() map[string][]*Artifact {
	m := make(map[string][]*Artifact, len(d.Series))
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		m[a.Series] = append(m[a.Series], a)
	}
	return m
}

// everyArtifact returns one row for each artifact.
func everyArtifact(artifacts []*Artifact) []row {
	rows := make([]row, 0, len(artifacts))
	for _, a := range artifacts {
		rows = append(rows, row{a.Name, []*Artifact{a}, a.pgpOutcome(), a.sigstoreOutcome()})
	}
	return rows
}

const (
	fewArtifacts = 3  // alike: still each in a row of its own
	fewNegatives = 12 // the same for those that conflict or failed
	fewReleases  = 4  // alike: still one row for each
)

// alike returns the artifacts of one series in as few rows as tell what there
// is to tell. Artifacts are alike if verdict, outcomes and signers are the
// same. A few of them stay rows of their own; more become a row for each
// release, and those of many releases one row. What went wrong comes first.
func alike(artifacts []*Artifact) []row {
	type key struct {
		verdict       compare.Verdict
		pgp, sigstore outcome
	}
	groups := make(map[key][]*Artifact)
	var keys []key
	for _, a := range artifacts {
		k := key{a.Verdict, a.pgpOutcome(), a.sigstoreOutcome()}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], a)
	}
	slices.SortStableFunc(keys, func(k, l key) int {
		return slices.Index(verdicts, l.verdict) - slices.Index(verdicts, k.verdict)
	})

	var rows []row
	for _, k := range keys {
		group := groups[k]
		negative := k.verdict == compare.Conflict || k.verdict == compare.Failed
		if len(group) <= fewArtifacts || negative && len(group) <= fewNegatives {
			rows = append(rows, everyArtifact(group)...)
			continue
		}
		releases := byRelease(group)
		if len(releases) <= fewReleases {
			for _, release := range releases {
				label := release[0].Name
				if len(release) > 1 {
					label = fmt.Sprintf("%s: %d artifacts", release[0].Version, len(release))
				}
				rows = append(rows, row{label, release, k.pgp, k.sigstore})
			}
			continue
		}
		label := fmt.Sprintf("%d artifacts of %d releases, %s to %s",
			len(group), len(releases), group[0].Version, group[len(group)-1].Version)
		rows = append(rows, row{label, group, k.pgp, k.sigstore})
	}
	return rows
}

// byRelease splits artifacts by their version, in the order of the first of each.
func byRelease(artifacts []*Artifact) [][]*Artifact {
	var releases [][]*Artifact
	index := make(map[string]int)
	for _, a := range artifacts {
		i, ok := index[a.Version]
		if !ok {
			i = len(releases)
			index[a.Version] = i
			releases = append(releases, nil)
		}
		releases[i] = append(releases[i], a)
	}
	return releases
}

// topic is everything that was found under one code and level.
type topic struct {
	code     compare.Code
	level    compare.Level
	messages []message
	count    int
}

// message is one sentence, with the artifacts it was said about.
type message struct {
	text   string
	places []string
}

// topics returns the findings by code, errors first, then by code.
func (d *Document) topics() []topic {
	type key struct {
		level compare.Level
		code  compare.Code
	}
	type messageKey struct {
		key
		text string
	}
	index := make(map[key]int)
	messages := make(map[messageKey]int)
	var topics []topic
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		for _, f := range a.Findings {
			k := key{f.Level, f.Code}
			ti, ok := index[k]
			if !ok {
				ti = len(topics)
				index[k] = ti
				topics = append(topics, topic{code: f.Code, level: f.Level})
			}
			t := &topics[ti]
			t.count++
			mi, ok := messages[messageKey{k, f.Message}]
			if !ok {
				mi = len(t.messages)
				messages[messageKey{k, f.Message}] = mi
				t.messages = append(t.messages, message{text: f.Message})
			}
			t.messages[mi].places = append(t.messages[mi].places, a.Place())
		}
	}
	slices.SortStableFunc(topics, func(t, u topic) int {
		if t.level != u.level {
			return int(u.level) - int(t.level)
		}
		return strings.Compare(string(t.code), string(u.code))
	})
	return topics
}

// tally says how many artifacts have which verdict, e.g. "7 equivalent".
func tally(counts map[compare.Verdict]int) []string {
	var parts []string
	for _, v := range verdicts {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return parts
}

// meanings are the verdicts in a few words each.
var meanings = map[compare.Verdict]string{
	compare.Equivalent:   "good both ways, by the signers expected; dropping PGP loses nothing",
	compare.SigstoreOnly: "only Sigstore gives evidence that counts",
	compare.PGPOnly:      "only PGP gives evidence that clients can verify; dropping it leaves none",
	compare.Unsigned:     "neither has a signature",
	compare.Unchecked:    "could not be decided",
	compare.Conflict:     "good one way and not the other",
	compare.Failed:       "good neither way, and wrong in at least one",
}

func (t Time) minute() string { return t.Format("2006-01-02 15:04 UTC") }

func (t Time) day() string { return t.Format(time.DateOnly) }

func (d *Document) network() string {
	if d.Offline {
		return "offline"
	}
	return "online"
}

func (g Generator) String() string {
	if g.Version == "" {
		return g.Name
	}
	return g.Name + " " + g.Version
}

// enumerate joins words as a sentence does: "a, b and c".
func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

// count returns "1 artifact", "2 artifacts".
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "series":
		return fmt.Sprintf("%d series", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
