package compare

import (
	"strings"
	"testing"

	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// verdicts has a row for each PGP status and a column for each Sigstore status,
// in the order of their constants.
const verdicts = `
                 unchecked good digest-mismatch bad wrong-identity untrusted incompatible malformed missing good-from-log
unchecked        ?         ?    F               F   F              F         ?            ?         ?       ?
good             ?         E    C               C   C              C         ?            ?         P       P
good-refreshed   ?         E    C               C   C              C         ?            ?         P       P
weak             ?         S    F               F   F              F         ?            ?         P       S
bad              F         C    F               F   F              F         F            F         F       C
rejected         F         C    F               F   F              F         F            F         F       C
wrong-signer     F         C    F               F   F              F         F            F         F       C
unknown-key      ?         ?    F               F   F              F         ?            ?         ?       ?
unsupported      ?         ?    F               F   F              F         ?            ?         ?       ?
malformed        ?         ?    F               F   F              F         ?            ?         ?       ?
missing          ?         S    F               F   F              F         ?            ?         U       S
`

var letters = map[string]Verdict{
	"?": Unchecked, "E": Equivalent, "S": SigstoreOnly, "P": PGPOnly, "U": Unsigned, "C": Conflict, "F": Failed,
}

// statuses returns every status of a kind, in order: those with a name.
func statuses[S interface {
	~uint8
	MarshalText() ([]byte, error)
}]() (all []S) {
	for s := S(0); ; s++ {
		if _, err := s.MarshalText(); err != nil {
			return all
		}
		all = append(all, s)
	}
}

// pairOf is a 3.13.5 source with the two statuses, the PGP signature by the
// pinned key wherever it is valid.
func pairOf(t testing.TB, p pgp.Status, s sigstore.Status) Evidence {
	e := evidence(t, "Python-3.13.5.tar.xz")
	e.PGP, e.Sigstore = pgp.Result{Status: p}, sigstore.Result{Status: s}
	switch p {
	case pgp.Good, pgp.GoodRefreshed, pgp.Weak:
		e.PGP.Certificate, e.PGP.SigningKey = thomasKey, thomasKey
	case pgp.WrongSigner:
		e.PGP.Certificate, e.PGP.SigningKey = lukaszKey, lukaszKey
	}
	switch s {
	case sigstore.Good:
		e.Sigstore.Identity = thomas
	case sigstore.GoodFromLog:
		e.Sigstore.Identity, e.LegacyPair = thomas, true
	case sigstore.WrongIdentity:
		e.Sigstore.Identity = lukasz
	}
	return e
}

func TestVerdictOfEveryPair(t *testing.T) {
	r := roster(t)
	lines := strings.Split(strings.TrimSpace(verdicts), "\n")
	columns := strings.Fields(lines[0])
	rows := lines[1:]
	allPGP, allSigstore := statuses[pgp.Status](), statuses[sigstore.Status]()
	if len(rows) != len(allPGP) || len(columns) != len(allSigstore) {
		t.Fatalf("the table has %d rows and %d columns, there are %d PGP and %d Sigstore statuses",
			len(rows), len(columns), len(allPGP), len(allSigstore))
	}
	for i, p := range allPGP {
		cells := strings.Fields(rows[i])
		if cells[0] != p.String() || len(cells) != len(columns)+1 {
			t.Fatalf("row %d is %q, want one of %d cells for %s", i, rows[i], len(columns), p)
		}
		for j, s := range allSigstore {
			if columns[j] != s.String() {
				t.Fatalf("column %d is %s, want %s", j, columns[j], s)
			}
			want, ok := letters[cells[j+1]]
			if !ok {
				t.Fatalf("no verdict %q", cells[j+1])
			}
			e := pairOf(t, p, s)
			if got := Assess(e, r).Verdict; got != want {
				t.Errorf("PGP %s, Sigstore %s: %s, want %s", p, s, got, want)
			}
			e.Trouble = "input/output error"
			if got := Assess(e, r).Verdict; got != Unchecked {
				t.Errorf("PGP %s, Sigstore %s, unreadable: %s, want unchecked", p, s, got)
			}
		}
	}
}

// TestOnlyPassesAgree walks every status and every context that could soften a
// verdict: nothing but two passes by pinned signers is ever equivalent, and
// nothing that was refused ever looks like evidence.
func TestOnlyPassesAgree(t *testing.T) {
	r := roster(t)
	walk(t, func(e Evidence) {
		a := Assess(e, r)
		passPGP := (e.PGP.Status == pgp.Good || e.PGP.Status == pgp.GoodRefreshed) && len(e.Expected.Signers) > 0
		passSigstore := e.Sigstore.Status == sigstore.Good
		holdsSigstore := passSigstore || e.Sigstore.Status == sigstore.GoodFromLog
		refusedPGP := e.PGP.Status == pgp.Bad || e.PGP.Status == pgp.Rejected
		refusedSigstore := e.Sigstore.Status == sigstore.Bad || e.Sigstore.Status == sigstore.DigestMismatch ||
			e.Sigstore.Status == sigstore.Untrusted && !e.Sigstore.NewerThanRoot
		switch a.Verdict {
		case Equivalent:
			if !passPGP || !passSigstore {
				t.Fatalf("equivalent: %+v", e)
			}
		case SigstoreOnly:
			if !holdsSigstore || refusedPGP {
				t.Fatalf("sigstore-only: %+v", e)
			}
		case PGPOnly:
			if !passPGP && e.PGP.Status != pgp.Weak || refusedSigstore {
				t.Fatalf("pgp-only: %+v", e)
			}
		}
		if e.Trouble != "" && a.Verdict != Unchecked {
			t.Fatalf("%s though unreadable: %+v", a.Verdict, e)
		}
	})
}

func TestZeroEvidenceIsUnchecked(t *testing.T) {
	a := Assess(Evidence{}, roster(t))
	if a.Verdict != Unchecked {
		t.Errorf("verdict %s, want unchecked", a.Verdict)
	}
	wantCodes(t, a, "note pgp/not-checked", "note sigstore/not-checked", "note source/unknown-series")
}

func TestVerdictInContext(t *testing.T) {
	thomasAsc := pgp.Result{Status: pgp.Good, Certificate: thomasKey, SigningKey: thomasKey, Signatures: 1}
	newerBundle := sigstore.Result{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog, NewerThanRoot: true}
	notAskedPGP := pgp.Result{Reason: pgp.NotAsked}
	notAskedSigstore := sigstore.Result{Reason: sigstore.NotAsked}
	unknownSeries := func(e *Evidence) { e.Expected = keyrings.Expectation{} }
	for _, tt := range []struct {
		name string
		e    Evidence
		want Verdict
	}{
		{"no .asc to be seen where none is due", evidence(t, "Python-3.14.0.tgz", unseen), SigstoreOnly},
		{"no .asc to be seen where one is due", evidence(t, "Python-3.13.5.tgz", unseen), Unchecked},
		{"an .asc that could not be read where none is due", evidence(t, "Python-3.14.0.tgz", byPGP(pgp.Result{Reason: pgp.Unreadable})), Unchecked},
		{"nothing to be seen and no bundle", evidence(t, "Python-3.14.0.tgz", unseen, noBundle), Unchecked},
		{"nobody asked about PGP", evidence(t, "Python-3.13.5.tgz", byPGP(notAskedPGP)), SigstoreOnly},
		{"nobody asked about PGP, bad bundle", evidence(t, "Python-3.13.5.tgz", byPGP(notAskedPGP), bySigstore(sigstore.Result{Status: sigstore.Bad})), Failed},
		{"nobody asked about PGP, no bundle", evidence(t, "Python-3.13.5.tgz", byPGP(notAskedPGP), noBundle), Unchecked},
		{"nobody asked about Sigstore", evidence(t, "Python-3.13.5.tgz", bySigstore(notAskedSigstore)), PGPOnly},
		{"nobody asked about Sigstore, no .asc", evidence(t, "Python-3.13.5.tgz", bySigstore(notAskedSigstore), noAsc), Unchecked},
		{"a valid .asc where nobody is pinned", evidence(t, "Python-3.14.0.tgz", byPGP(thomasAsc)), SigstoreOnly},
		{"the same without a bundle", evidence(t, "Python-3.14.0.tgz", byPGP(thomasAsc), noBundle), Unchecked},
		{"the same with a bad bundle", evidence(t, "Python-3.14.0.tgz", byPGP(thomasAsc), bySigstore(sigstore.Result{Status: sigstore.Bad})), Failed},
		{"good by a verifier that was told of no signers", evidence(t, "Python-3.11.4.tgz", byPGP(thomasAsc)), Conflict},
		{"weak, by somebody not pinned", evidence(t, "Python-3.11.4.tgz", byPGP(pgp.Result{Status: pgp.Weak, Certificate: thomasKey})), Conflict},
		{"unknown series, anybody's bundle", evidence(t, "Python-3.13.5.tgz", unknownSeries, noAsc,
			bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})), Unchecked},
		{"unknown series, a known key's .asc", evidence(t, "Python-3.13.5.tgz", unknownSeries, byPGP(thomasAsc), noBundle), Unchecked},
		{"unknown series, both", evidence(t, "Python-3.13.5.tgz", unknownSeries, byPGP(thomasAsc),
			bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})), Unchecked},
		{"unknown series, signature of other bytes", evidence(t, "Python-3.13.5.tgz", unknownSeries, byPGP(thomasAsc),
			bySigstore(sigstore.Result{Status: sigstore.DigestMismatch})), Failed},
		{"anybody's bundle for a series known to have none", evidence(t, "Python-3.6.15.tgz",
			bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})), Conflict},
		{"good from the log, nobody asked about PGP", evidence(t, "python-3.10.8-amd64.exe", goodFromLog, byPGP(notAskedPGP)), SigstoreOnly},
		{"good from the log, no .asc", evidence(t, "python-3.10.8-amd64.exe", goodFromLog, noAsc), SigstoreOnly},
		{"a pair by somebody else", evidence(t, "python-3.10.8-amd64.exe", pairOnly, bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger})), Conflict},
		{"a bundle newer than the trust root", evidence(t, "Python-3.13.5.tgz", noAsc, bySigstore(newerBundle)), Unchecked},
		{"the same beside a good .asc", evidence(t, "Python-3.13.5.tgz", bySigstore(newerBundle)), Unchecked},
		{"the same beside a bad .asc", evidence(t, "Python-3.13.5.tgz", byPGP(pgp.Result{Status: pgp.Bad}), bySigstore(newerBundle)), Failed},
		{"the same where no .asc is due", evidence(t, "Python-3.14.0.tgz", bySigstore(newerBundle)), Unchecked},
		{"the same where nobody asked about PGP", evidence(t, "Python-3.13.5.tgz", byPGP(notAskedPGP), bySigstore(newerBundle)), Unchecked},
		{"an untrusted bundle that is not newer", evidence(t, "Python-3.14.0.tgz", bySigstore(sigstore.Result{Status: sigstore.Untrusted})), Failed},
		{"being newer excuses nothing but untrusted", evidence(t, "Python-3.14.0.tgz", bySigstore(sigstore.Result{Status: sigstore.Bad, NewerThanRoot: true})), Failed},
		{"a statusless number of a newer verifier", evidence(t, "Python-3.13.5.tgz", byPGP(pgp.Result{Status: 200})), Unchecked},
		{"the same of Sigstore", evidence(t, "Python-3.13.5.tgz", bySigstore(sigstore.Result{Status: 200})), Unchecked},
	} {
		if got := Assess(tt.e, roster(t)).Verdict; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSignersAreComparedWhereTheyShouldBeOnePerson(t *testing.T) {
	r := roster(t)
	// Both signers may sign, as after a hand-over in the middle of a series.
	handOver := func(e *Evidence) {
		e.Expected.Signers = []pgp.Fingerprint{thomasKey, lukaszKey}
		e.PGP.Certificate, e.PGP.SigningKey = lukaszKey, lukaszKey
	}
	a := Assess(evidence(t, "Python-3.13.5.tar.xz", handOver), r)
	if a.Verdict != Conflict {
		t.Errorf("source archive by two people: %s, want conflict", a.Verdict)
	}
	wantCodes(t, a, "error compare/signer-differs")
	wantWords(t, a.Findings[0].Message, "Łukasz Langa", string(lukaszKey), "Thomas Wouters", thomas.SAN)

	a = Assess(evidence(t, "python-3.13.5-amd64.exe"), r)
	if a.PGP.Certificate != steveKey || a.Verdict != Equivalent {
		t.Errorf("Windows installer by the platform's builder and the release manager: %s by %s, want equivalent by %s", a.Verdict, a.PGP.Certificate, steveKey)
	}
	wantCodes(t, a)

	// The log's word is enough to tell two people apart.
	a = Assess(evidence(t, "Python-3.13.5.tar.xz", goodFromLog, handOver), r)
	if a.Verdict != Conflict {
		t.Errorf("source archive by two people, one by the log: %s, want conflict", a.Verdict)
	}
	wantCodes(t, a, "error compare/signer-differs", "warning sigstore/legacy-pair", "note sigstore/from-the-log")
	wantWords(t, message(t, a, "compare/signer-differs"), "Łukasz Langa", "the pair by Thomas Wouters")

	// A workload is nobody in particular.
	workload := func(e *Evidence) {
		handOver(e)
		e.Sigstore.Identity = sigstore.Identity{SAN: "https://github.com/python/release-tools/x@refs/heads/main", Issuer: "https://token.actions.githubusercontent.com"}
	}
	if a := Assess(evidence(t, "Python-3.13.5.tar.xz", workload), r); a.Verdict != Equivalent {
		t.Errorf("identity of no person: %s, want equivalent", a.Verdict)
	}
}
