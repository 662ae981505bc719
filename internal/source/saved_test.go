package source_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/audit"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// TestSavedIsJudgedTheSame keeps the demo mirror as an audit reads it, a legacy
// pair among the rest, and finds the same in the copy.
func TestSavedIsJudgedTheSame(t *testing.T) {
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := sigstore.NewVerifier(root)
	if err != nil {
		t.Fatal(err)
	}
	a := audit.Auditor{
		Keyring: pgp.NewKeyring(), Sigstore: verifier, Expect: roster.Expect,
		Time: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Jobs: 2,
	}
	l, err := source.Open(t.Context(), "../../testdata/demo/mirror")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	store, err := source.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	want := slices.Collect(a.Run(t.Context(), store.Keep(l.Items)))
	saved, err := source.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Collect(a.Run(t.Context(), saved.Items))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the copy is judged otherwise (-first +copy):\n%s", d)
	}
	pairs := 0
	for _, ev := range got {
		if ev.LegacyPair && ev.Sig.SHA256 != "" && ev.Crt.SHA256 != "" {
			pairs++
		}
	}
	if pairs == 0 {
		t.Error("no legacy pair was saved")
	}
}
