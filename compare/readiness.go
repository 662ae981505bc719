package compare

import (
	"fmt"
	"slices"
	"strings"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// judge says whether a series can move, of its assessments in order. Recalled
// releases are left out: nobody should move to them, whatever they carry.
//
// Each artifact is refused, or open, or neither; and has a good bundle, or is a
// gap, or neither. A series is not ready if anything is refused, or if no
// bundle is good and none is open; else undetermined if anything is open; else
// ready, with gaps or without.
func judge(all []Assessment, r *keyrings.Roster) Series {
	j := judging{roster: r, series: all[0].Name.Version.Series()}
	for i := range all {
		j.sortIn(&all[i])
	}

	s := Series{Series: j.series}
	s.Life.PGP, s.Life.Sigstore, s.noPGP = prospect(j.series, r)
	switch {
	case len(j.judged) == 0:
		s.Readiness = Undetermined
	case len(j.conflict)+len(j.failed) > 0, j.noSigstore():
		s.Readiness = NotReady
	case len(j.open) > 0:
		s.Readiness = Undetermined
	case len(j.gaps) > 0:
		s.Readiness = ReadyWithGaps
	default:
		s.Readiness = Ready
	}

	j.refusals()
	j.openQuestions()
	j.missing()
	j.standing(s.Readiness)
	j.leftOut()
	s.Reasons = j.reasons
	return s
}

// judging is the artifacts of one series, sorted by what they mean for it.
type judging struct {
	roster *keyrings.Roster
	series release.Series

	judged     []*Assessment // all but those of recalled releases
	recalled   []*Assessment
	conflict   []*Assessment
	failed     []*Assessment
	open       []*Assessment // something about them that matters could not be checked
	openBundle []*Assessment // ... their bundle
	differ     []*Assessment // they are not what the source says of them
	good       []*Assessment // with a bundle that holds, and PGP does not speak against it
	gaps       []*Assessment // certainly without a bundle that can be checked

	reasons []Reason
}

func (j *judging) sortIn(a *Assessment) {
	if a.Expected.Recalled != "" {
		j.recalled = append(j.recalled, a)
		return
	}
	j.judged = append(j.judged, a)
	switch {
	case a.Verdict == Conflict:
		j.conflict = append(j.conflict, a)
		return
	case a.Verdict == Failed:
		j.failed = append(j.failed, a)
		return
	}
	bundle := a.openBundle()
	if bundle {
		j.openBundle = append(j.openBundle, a)
	}
	differs := a.differs()
	if differs {
		j.differ = append(j.differ, a)
	}
	if bundle || differs || a.openPGP() {
		j.open = append(j.open, a)
	}
	switch {
	case bundle:
	case a.sigstoreClass() == pass:
		j.good = append(j.good, a)
	default:
		j.gaps = append(j.gaps, a)
	}
}

// openBundle reports whether nobody knows yet if the artifact has a good
// bundle. A pair of .sig and .crt is no bundle, whatever the log says of it, and
// no other run would find one: that is known.
func (a *Assessment) openBundle() bool {
	if a.Trouble != "" {
		return true
	}
	switch a.sigstoreClass() {
	case undecided, unpinned:
		return !a.pairOnly()
	}
	return false
}

// differs reports whether the source says something else about the artifact's
// bytes. One of the two is wrong, whatever the signatures say; only of a hint it
// is known which.
func (a *Assessment) differs() bool {
	return slices.ContainsFunc(a.Findings, func(f Finding) bool {
		return f.Level == Error && (f.Code == "source/published-digest-differs" || f.Code == "source/size-differs")
	})
}

// openPGP reports whether nobody knows yet if PGP agrees, and it matters.
func (a *Assessment) openPGP() bool {
	switch {
	case a.Trouble != "":
		return true
	case a.PGP.Status == pgp.Unchecked && a.PGP.Reason == pgp.NotAsked:
		return true // the verdict is that of the one method; moving is about both
	case a.pgpOutOfQuestion():
		return false
	case a.pgpClass() == unpinned:
		return a.sigstoreClass() != pass
	}
	return a.pgpClass() == undecided
}

// noSigstore reports whether the series has no bundle that could be relied on,
// now or after another run.
func (j *judging) noSigstore() bool {
	return len(j.good) == 0 && len(j.openBundle) == 0 && len(j.gaps) > 0
}

// add adds a reason about some artifacts, or about the whole series if all is nil.
func (j *judging) add(code Code, all []*Assessment, format string, args ...any) {
	reason := Reason{Code: code, Message: fmt.Sprintf(format, args...)}
	for _, a := range all {
		reason.Artifacts = append(reason.Artifacts, a.place())
	}
	j.reasons = append(j.reasons, reason)
}

// refusals gives the reasons for which a series is not ready whatever else.
func (j *judging) refusals() {
	if n := len(j.conflict); n > 0 {
		j.add("compare/conflict", j.conflict, "%s good by one method and refused by the other%s: find out why before trusting either, and drop neither check",
			artifacts(n, "is", "are"), bracketed(causes(j.conflict)))
	}
	if n := len(j.failed); n > 0 {
		j.add("compare/failed", j.failed, "%s a signature that was refused, and none that is good%s: do not use %s before that is explained",
			artifacts(n, "has", "have"), bracketed(causes(j.failed)), choose(n, "it", "them"))
	}
	if j.noSigstore() && len(j.conflict)+len(j.failed) == 0 {
		none := fmt.Sprintf("None of the %d artifacts looked at has a Sigstore bundle", len(j.judged))
		if len(j.judged) == 1 {
			none = "The one artifact looked at has no Sigstore bundle"
		}
		j.add("compare/no-sigstore", nil, "%s%s: %s", none, bracketed(commonReason(j.gaps)), j.withoutSigstore())
	}
}

// withoutSigstore says what to do where there is no bundle at all.
func (j *judging) withoutSigstore() string {
	due := slices.ContainsFunc(j.gaps, func(a *Assessment) bool { return a.Expected.Sigstore == keyrings.Required })
	switch left := anyPGP(j.judged); {
	case due && left:
		return "get the .sigstore files from beside the artifacts on python.org, and go on verifying PGP where there are none"
	case due:
		return "get the .sigstore files before relying on these copies"
	case left:
		return "go on verifying PGP for this series"
	}
	return "there is nothing to verify but digests that you pinned yourself"
}

// anyPGP reports whether any artifact has, or should have, a PGP signature that
// could be verified instead.
func anyPGP(all []*Assessment) bool {
	return slices.ContainsFunc(all, func(a *Assessment) bool {
		return a.pgpClass() != absent && a.pgpClass() != unpinned && !a.pgpOutOfQuestion()
	})
}

// withoutBundle says what to do about artifacts for which there is no bundle.
func withoutBundle(all []*Assessment) string {
	if anyPGP(all) {
		return "keep verifying PGP for " + choose(len(all), "it", "them")
	}
	return "pin " + choose(len(all), "its digest", "their digests") + " yourself"
}

// commonReason is why no bundle is due, if that is the same for all.
func commonReason(all []*Assessment) string {
	for _, a := range all {
		if a.Expected.Sigstore == keyrings.Required || a.Expected.SigstoreReason != all[0].Expected.SigstoreReason {
			return ""
		}
	}
	return all[0].Expected.SigstoreReason
}

// causes are the codes of the findings that made a method refuse.
func causes(all []*Assessment) string {
	var out []string
	for _, a := range all {
		for _, f := range a.Findings {
			code := string(f.Code)
			method := strings.HasPrefix(code, "pgp/") || strings.HasPrefix(code, "sigstore/") || code == "compare/signer-differs"
			if method && f.Level == Error && !slices.Contains(out, code) {
				out = append(out, code)
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// openQuestions gives the reasons for which a series is undetermined, a line for
// each remedy. An artifact may wait for two of them.
func (j *judging) openQuestions() {
	var unreadable, bundles, asc []*Assessment
	for _, a := range j.open {
		switch {
		case a.Trouble != "":
			unreadable = append(unreadable, a)
			continue
		case a.openBundle():
			bundles = append(bundles, a)
		}
		if a.openPGP() {
			asc = append(asc, a)
		}
	}
	if !j.judgedKnown() {
		j.add("source/unknown-series", nil, "The roster%s has no row for %s, so nobody can be said to be its right signer: use a newer migrate, or a roster that has the series",
			bracketed(j.roster.Version()), j.series)
	}
	if n := len(unreadable); n > 0 {
		j.add("source/unreadable", unreadable, "%s not be read: make %s readable and run again", artifacts(n, "could", "could"), choose(n, "it", "them"))
	}
	j.differing()
	j.openBundles(bundles)
	j.openSignatures(asc)
}

// differing gives the reasons for artifacts that are not what the source says.
func (j *judging) differing() {
	g := groups(j.differ, func(a *Assessment) Code {
		if slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Code == "source/published-digest-differs" }) {
			return "source/published-digest-differs"
		}
		return "source/size-differs"
	})
	for _, by := range []struct {
		code Code
		what string
	}{{"source/published-digest-differs", "digest"}, {"source/size-differs", "size"}} {
		if some := g[by.code]; some != nil {
			j.add(by.code, some, "%s another %s than the source says: find out which of the two is wrong, get the right one and run again",
				artifacts(len(some), "has", "have"), by.what)
		}
	}
}

// judgedKnown reports whether the roster knows the series, or somebody said
// who should have signed it.
func (j *judging) judgedKnown() bool {
	for _, a := range append(slices.Clone(j.judged), j.recalled...) {
		for _, f := range a.Findings {
			if f.Code == "source/unknown-series" {
				return false
			}
		}
	}
	return true
}

// openBundles groups the bundles that could not be judged by their finding.
func (j *judging) openBundles(all []*Assessment) {
	g := groups(all, func(a *Assessment) Code {
		switch r := a.Sigstore; {
		case a.sigstoreClass() == unpinned:
			return "sigstore/nobody-pinned"
		case r.Status == sigstore.Incompatible && r.Reason == sigstore.NoCheckpoint:
			return "sigstore/no-checkpoint"
		case r.Status == sigstore.Untrusted:
			return "sigstore/newer-than-trust-root"
		case r.Status == sigstore.Incompatible && r.Reason == sigstore.NewerBundle:
			return "sigstore/unknown-version"
		case r.Status == sigstore.Incompatible:
			return "sigstore/incompatible"
		case r.Status == sigstore.Malformed:
			return "sigstore/malformed"
		case r.Reason == sigstore.Unreadable:
			return "sigstore/unreadable"
		}
		return "sigstore/not-checked"
	})
	if some := g["sigstore/no-checkpoint"]; some != nil {
		j.add("sigstore/no-checkpoint", some, "%s from before 2024-09-11 without a checkpoint, which today's clients refuse%s: download %s again and run once more",
			artifacts(len(some), "has a bundle", "have bundles"), promises(some), choose(len(some), "the bundle", "the bundles"))
	}
	if some := g["sigstore/newer-than-trust-root"]; some != nil {
		j.add("sigstore/newer-than-trust-root", some, "%s made after the trust root, which does not know what %s on: run `migrate trust update` and once more",
			artifacts(len(some), "has a bundle", "have bundles"), choose(len(some), "it stands", "they stand"))
	}
	if some := g["sigstore/unknown-version"]; some != nil {
		j.add("sigstore/unknown-version", some, "%s of a version that this program does not know: use a newer migrate",
			artifacts(len(some), "has a bundle", "have bundles"))
	}
	if some := g["sigstore/incompatible"]; some != nil {
		j.add("sigstore/incompatible", some, "%s in a form that today's clients refuse to judge: download %s again and run once more",
			artifacts(len(some), "has a bundle", "have bundles"), choose(len(some), "it", "them"))
	}
	if some := g["sigstore/malformed"]; some != nil {
		j.add("sigstore/malformed", some, "%s in place of a bundle: download %s again and run once more",
			artifacts(len(some), "has something else", "have something else"), choose(len(some), "it", "them"))
	}
	if some := g["sigstore/unreadable"]; some != nil {
		j.add("sigstore/unreadable", some, "%s that could not be read: make %s readable and run again",
			artifacts(len(some), "has a bundle", "have bundles"), choose(len(some), "it", "them"))
	}
	if some := g["sigstore/nobody-pinned"]; some != nil {
		j.add("sigstore/nobody-pinned", some, "%s signed by somebody of whom the roster says nothing here: let the roster say who should sign, and run again",
			artifacts(len(some), "has a valid bundle", "have valid bundles"))
	}
	if some := g["sigstore/not-checked"]; some != nil {
		asked := slices.ContainsFunc(some, func(a *Assessment) bool { return a.Sigstore.Reason != sigstore.NotAsked })
		j.add("sigstore/not-checked", some, "Sigstore was not looked at for %s%s: %s",
			count(len(some), "artifact"), bracketed(some[0].Sigstore.Detail), notChecked(asked))
	}
}

// promises says how many bundles without a checkpoint are merely old.
func promises(all []*Assessment) string {
	holds := 0
	for _, a := range all {
		if a.Sigstore.PromiseHolds {
			holds++
		}
	}
	switch {
	case holds == len(all):
		return choose(holds, " though it holds", " though they hold") + " by " + choose(holds, "its inclusion promise", "their inclusion promises")
	case holds == 0:
		return ", and by " + choose(len(all), "its inclusion promise it does not hold", "their inclusion promises they do not hold") + " either"
	}
	return fmt.Sprintf(", and only %d of which %s by inclusion promise", holds, choose(holds, "holds", "hold"))
}

// openSignatures groups the PGP signatures that could not be judged.
func (j *judging) openSignatures(all []*Assessment) {
	g := groups(all, func(a *Assessment) Code {
		switch r := a.PGP; {
		case a.pgpClass() == unpinned:
			return "pgp/nobody-pinned"
		case r.Status == pgp.UnknownKey:
			return "pgp/unknown-key"
		case r.Status == pgp.Unsupported:
			return "pgp/unsupported"
		case r.Status == pgp.Malformed:
			return "pgp/malformed"
		case r.Status != pgp.Unchecked:
			return "pgp/not-checked"
		case r.Reason == pgp.Unreadable:
			return "pgp/unreadable"
		case r.Reason == pgp.UnreadableRevocation:
			return "pgp/unreadable-revocation"
		case r.Reason == pgp.UnreadableSelfSignature:
			return "pgp/unreadable-self-signature"
		case r.Reason == pgp.StaleKey:
			return "pgp/stale-key"
		}
		return "pgp/not-checked"
	})
	if some := g["pgp/unknown-key"]; some != nil {
		j.add("pgp/unknown-key", some, "%s", j.unknownKeys(some))
	}
	if some := g["pgp/stale-key"]; some != nil {
		j.add("pgp/stale-key", some, "%s by a key that had expired by every copy at hand, all older than the %s: get a newer copy of the key of %s and run again with --keyring",
			artifacts(len(some), "has a PGP signature", "have PGP signatures"), choose(len(some), "signature", "signatures"), list(j.madeBy(some), "and"))
	}
	if some := g["pgp/unreadable-revocation"]; some != nil {
		j.add("pgp/unreadable-revocation", some, "%s by a key with a revocation that cannot be read (%s): find out whether the key is revoked, and do not count on %s until then",
			artifacts(len(some), "has a PGP signature", "have PGP signatures"), list(j.madeBy(some), "and"), choose(len(some), "it", "them"))
	}
	if some := g["pgp/unreadable-self-signature"]; some != nil {
		j.add("pgp/unreadable-self-signature", some, "%s by a key with a self-signature that cannot be read (%s): get a newer copy of the key and run again with --keyring",
			artifacts(len(some), "has a PGP signature", "have PGP signatures"), list(j.madeBy(some), "and"))
	}
	if some := g["pgp/unsupported"]; some != nil {
		j.add("pgp/unsupported", some, "%s of a kind that can no longer be checked: rely on the bundle where there is one, else on a digest that you pinned yourself",
			artifacts(len(some), "has a PGP signature", "have PGP signatures"))
	}
	if some := g["pgp/malformed"]; some != nil {
		j.add("pgp/malformed", some, "%s in place of a PGP signature: download %s again and run once more",
			artifacts(len(some), "has something else", "have something else"), choose(len(some), "the .asc", "the .asc files"))
	}
	if some := g["pgp/unreadable"]; some != nil {
		j.add("pgp/unreadable", some, "%s that could not be read: make %s readable and run again",
			artifacts(len(some), "has an .asc", "have .asc files"), choose(len(some), "it", "them"))
	}
	if some := g["pgp/nobody-pinned"]; some != nil {
		j.add("pgp/nobody-pinned", some, "%s by somebody of whom the roster says nothing here: do not count on %s",
			artifacts(len(some), "has a valid PGP signature", "have valid PGP signatures"), choose(len(some), "it", "them"))
	}
	if some := g["pgp/not-checked"]; some != nil {
		asked := slices.ContainsFunc(some, func(a *Assessment) bool { return a.PGP.Reason != pgp.NotAsked })
		j.add("pgp/not-checked", some, "PGP was not looked at for %s%s: %s",
			count(len(some), "artifact"), bracketed(some[0].PGP.Detail), notChecked(asked))
	}
}

// madeBy names the keys that made some signatures, each once.
func (j *judging) madeBy(all []*Assessment) []string {
	var names []string
	for _, a := range all {
		f := findings{Evidence: &a.Evidence, roster: j.roster}
		if name := f.madeBy(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// notChecked is the remedy where a method was asked about, or was not.
func notChecked(asked bool) string {
	if asked {
		return "run migrate on the files themselves to have both methods compared"
	}
	return "ask about both methods to have them compared"
}

// unknownKeys names the keys to get, and ends with the command for the first.
func (j *judging) unknownKeys(all []*Assessment) string {
	var wanted []pgp.Fingerprint
	for _, a := range all {
		for _, f := range a.wantedKeys(j.roster) {
			if !slices.Contains(wanted, f) {
				wanted = append(wanted, f)
			}
		}
	}
	said := artifacts(len(all), "has a PGP signature", "have PGP signatures") + " by a key that is not at hand"
	switch len(wanted) {
	case 0:
		return said + " nor in the roster: ask whose it is before trusting it"
	case 1:
		return fmt.Sprintf("%s: to get the key of %s: %s", said, keyOf(wanted[0], j.roster), keyrings.Hint(wanted[0]))
	}
	return fmt.Sprintf("%s: get the keys of %s: migrate keyrings update, or for a machine without network, the first with: %s",
		said, list(keysOf(wanted, j.roster), "and"), keyrings.GPGHint(wanted[0]))
}

// missing gives the reasons for the gaps: what should be there and is not,
// what can no longer be checked, and what was never due.
func (j *judging) missing() {
	g := groups(j.gaps, func(a *Assessment) Code {
		switch {
		case a.pairOnly():
			return "sigstore/legacy-pair"
		case a.Expected.Sigstore == keyrings.Required:
			return "compare/missing-bundle"
		}
		return "compare/before-sigstore"
	})
	if some := g["compare/missing-bundle"]; some != nil {
		j.add("compare/missing-bundle", some, "%s no bundle, though %s should have one: get the .sigstore %s from beside the %s on python.org, and %s, %s",
			artifacts(len(some), "has", "have"), choose(len(some), "it", "they"), choose(len(some), "file", "files"), choose(len(some), "artifact", "artifacts"),
			choose(len(some), "if there is none", "where there are none"), withoutBundle(some))
	}
	if some := g["sigstore/legacy-pair"]; some != nil {
		j.add("sigstore/legacy-pair", some, "%s only a .sig and .crt pair, which cannot be checked offline%s: %s",
			artifacts(len(some), "has", "have"), bracketed(fromTheLog(some)), withoutBundle(some))
	}
	if len(j.good)+len(j.openBundle) > 0 || len(j.conflict)+len(j.failed) > 0 { // else compare/no-sigstore has said so
		j.beforeSigstore(g["compare/before-sigstore"])
	}
	var unsigned []*Assessment
	for _, a := range j.gaps {
		if a.Verdict == Unsigned {
			unsigned = append(unsigned, a)
		}
	}
	if n := len(unsigned); n > 0 {
		j.add("compare/unsigned", unsigned, "%s neither a PGP signature nor a bundle: pin %s digest yourself",
			artifacts(n, "has", "have"), choose(n, "its", "each one's"))
	}
}

// fromTheLog says how many pairs are good by what the log was asked for, if any.
func fromTheLog(all []*Assessment) string {
	n := 0
	for _, a := range all {
		if a.sigstoreClass() == logged {
			n++
		}
	}
	switch {
	case n == 0:
		return ""
	case n < len(all):
		return fmt.Sprintf("%d of them good from the log", n)
	case n == 1:
		return "good from the log"
	}
	return "all good from the log"
}

// beforeSigstore gives one reason for each explanation that the roster has.
func (j *judging) beforeSigstore(all []*Assessment) {
	var whys []string
	byWhy := map[string][]*Assessment{}
	for _, a := range all {
		why := a.Expected.SigstoreReason
		if !a.Expected.Known {
			continue // nobody knows what is due; source/unknown-series has said so
		}
		if byWhy[why] == nil {
			whys = append(whys, why)
		}
		byWhy[why] = append(byWhy[why], a)
	}
	for _, why := range whys {
		some := byWhy[why]
		j.add("compare/before-sigstore", some, "%s no bundle, and none is due%s: %s",
			artifacts(len(some), "has", "have"), bracketed(why), withoutBundle(some))
	}
}

// standing says what is well: everything, or from which release on, or how much.
func (j *judging) standing(r Readiness) {
	switch {
	case r == Ready:
		j.add("compare/complete", nil, "%s", j.complete())
		return
	case len(j.good) == 0:
		return
	}
	if text := j.completeFrom(); text != "" && len(j.gaps) > 0 {
		j.add("compare/complete-from", nil, "%s", text)
	}
	j.add("compare/good-bundles", nil, "%s %s a good bundle, signed as %s: %s can be verified with Sigstore today",
		lookedAt(len(j.good), len(j.judged)), choose(len(j.good), "has", "have"), signedAs(j.good), choose(len(j.good), "it", "these"))
}

// complete says what a move would change for a series that is ready.
func (j *judging) complete() string {
	n := len(j.good)
	said := fmt.Sprintf("%s (%s) %s a good bundle, signed as %s", lookedAt(n, n), j.span(), choose(n, "has", "have"), signedAs(j.good))
	byPGP, due, feeble, none, why := 0, 0, 0, 0, ""
	for _, a := range j.good {
		switch {
		case a.pgpClass() == pass:
			byPGP++
		case a.pgpClass() == weak:
			feeble++
		case a.Expected.PGP == keyrings.Required:
			due++
		case a.Expected.PGP == keyrings.None && (a.pgpClass() == absent || a.pgpOutOfQuestion()):
			none++
			why = a.Expected.PGPReason
		}
	}
	switch {
	case none == n:
		return said + "; there is no PGP to give up" + bracketed(why) + ": verify the bundle against " + thisIdentity(j.good)
	case byPGP == n:
		said += ", and " + choose(n, "the PGP signature agrees", "every PGP signature agrees")
	case byPGP > 0:
		said += fmt.Sprintf(", and %d %s a good PGP signature too", byPGP, choose(byPGP, "has", "have"))
	}
	verify := "verify the bundle against " + thisIdentity(j.good)
	var lost []string
	if due > 0 {
		lost = append(lost, fmt.Sprintf("%s no PGP signature though one was due", ofThem(due, n)))
	}
	if feeble > 0 {
		lost = append(lost, fmt.Sprintf("%s a PGP signature that does not count", ofThem(feeble, n)))
	}
	if lost != nil {
		said += "; " + strings.Join(lost, ", and ") + ", and nothing is lost by that"
	}
	if byPGP+feeble > 0 {
		verify += ", and the .asc can go"
	}
	return said + ": " + verify
}

// ofThem begins "it has no PGP signature": how many of n have something, or have not.
func ofThem(some, n int) string {
	switch {
	case n == 1:
		return "it has"
	case some == n && n == 2:
		return "both have"
	case some == n:
		return "all have"
	}
	return fmt.Sprintf("%d %s", some, choose(some, "has", "have"))
}

// lookedAt is "All 54 artifacts looked at", or how many of them.
func lookedAt(n, of int) string {
	switch {
	case n < of:
		return fmt.Sprintf("%d of the %d artifacts looked at", n, of)
	case n == 1:
		return "The one artifact looked at"
	case n == 2:
		return "Both artifacts looked at"
	}
	return fmt.Sprintf("All %d artifacts looked at", n)
}

// span is the releases that were judged: "3.13.5", or "3.13.0a1 to 3.13.13".
func (j *judging) span() string {
	first, last := j.judged[0].Name.Version, j.judged[len(j.judged)-1].Name.Version
	if first == last {
		return first.String()
	}
	return first.String() + " to " + last.String()
}

// signers returns the distinct identities of good bundles, in order. A bundle
// by a managed key has none.
func signers(good []*Assessment) []string {
	var out []string
	for _, a := range good {
		who := "the given key"
		if a.Sigstore.Identity != (sigstore.Identity{}) {
			who = pair(a.Sigstore.Identity)
		}
		if !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out
}

func signedAs(good []*Assessment) string { return list(signers(good), "or") }

func thisIdentity(good []*Assessment) string {
	return choose(len(signers(good)), "that identity", "the identity of each release")
}

// completeFrom says from which release on nothing is missing, for all artifacts
// and for the source archives, which is all that many build from. It is empty
// if the newest release is not complete.
func (j *judging) completeFrom() string {
	all, okAll := j.firstComplete(func(*Assessment) bool { return true })
	sources, okSources := j.firstComplete(func(a *Assessment) bool { return a.Name.Role == release.RoleSource })
	switch {
	case okAll && okSources && sources.Compare(all) < 0:
		return fmt.Sprintf("From %s on every artifact looked at has a good bundle, and from %s on every source archive: who needs nothing older meets no gap", all, sources)
	case okAll:
		return fmt.Sprintf("From %s on every artifact looked at has a good bundle: who needs nothing older meets no gap", all)
	case okSources:
		return fmt.Sprintf("From %s on every source archive looked at has a good bundle: who builds from source and needs nothing older meets no gap", sources)
	}
	return ""
}

// firstComplete returns the earliest release from which on every artifact of a
// kind has a good bundle.
func (j *judging) firstComplete(want func(*Assessment) bool) (v release.Version, ok bool) {
	for _, a := range slices.Backward(j.judged) {
		if !want(a) {
			continue
		}
		if !slices.Contains(j.good, a) {
			if v == a.Name.Version { // the release that seemed complete is not
				return j.after(v, want)
			}
			return v, ok
		}
		v, ok = a.Name.Version, true
	}
	return v, ok
}

// after returns the release that follows v among the artifacts of a kind.
func (j *judging) after(v release.Version, want func(*Assessment) bool) (release.Version, bool) {
	for _, a := range j.judged {
		if want(a) && a.Name.Version.Compare(v) > 0 {
			return a.Name.Version, true
		}
	}
	return release.Version{}, false
}

// leftOut says which releases were not judged.
func (j *judging) leftOut() {
	if n := len(j.recalled); n > 0 {
		j.add("compare/recalled-release", j.recalled, "%s left out, because %s release was recalled: do not use %s",
			artifacts(n, "is", "are"), choose(n, "its", "their"), choose(n, "it", "them"))
	}
}

// artifacts begins a sentence: "1 artifact has", "2 artifacts have".
func artifacts(n int, one, many string) string {
	return count(n, "artifact") + " " + choose(n, one, many)
}

// groups sorts assessments by code, keeping their order.
func groups(all []*Assessment, code func(*Assessment) Code) map[Code][]*Assessment {
	g := map[Code][]*Assessment{}
	for _, a := range all {
		c := code(a)
		g[c] = append(g[c], a)
	}
	return g
}
