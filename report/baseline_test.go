package report

import (
	"slices"
	"testing"
	"time"

	"migrate/compare"
	"migrate/pgp"
	"migrate/sigstore"
)

// baselineRun is a run on one artifact that is good both ways.
func baselineRun() Run {
	r := sampleRun()
	for _, a := range r.Assessments {
		if a.Verdict == compare.Equivalent {
			a.PGPFile.SHA256, a.Bundle.SHA256 = digest(1), digest(2)
			a.ETag = `"e"`
			r.Assessments = []compare.Assessment{a}
			r.Trust.Keys = slices.Clone(r.Trust.Keys)
			for i := range r.Trust.Keys {
				r.Trust.Keys[i].SHA256 = digest(50 + i)
			}
			return r
		}
	}
	panic("the sample has no artifact that is equivalent")
}

func TestBaseline(t *testing.T) {
	run := baselineRun()
	signer := run.Assessments[0].Expected.Signers[0]
	options := func() BaselineOptions {
		return BaselineOptions{Generator: run.Generator, Trust: baselineRun().Trust, Time: run.Time.Add(24 * time.Hour), MaxAge: 48 * time.Hour}
	}
	artifact := func(f func(*compare.Assessment)) func(*Run, *BaselineOptions) {
		return func(r *Run, _ *BaselineOptions) { f(&r.Assessments[0]) }
	}
	tests := map[string]struct {
		change func(*Run, *BaselineOptions)
		due    bool
	}{
		"nothing changed":                              {func(*Run, *BaselineOptions) {}, false},
		"another program":                              {func(_ *Run, o *BaselineOptions) { o.Generator.Version += "1" }, true},
		"another trust root":                           {func(_ *Run, o *BaselineOptions) { o.Trust.TrustRoot.SHA256 = digest(99) }, true},
		"another roster":                               {func(_ *Run, o *BaselineOptions) { o.Trust.Roster.SHA256 = digest(99) }, true},
		"merged of two trusts":                         {func(r *Run, _ *BaselineOptions) { r.Trust.Others = []OtherTrust{{}} }, true},
		"a new copy of the key":                        {func(_ *Run, o *BaselineOptions) { newCopy(&o.Trust, string(signer)) }, true},
		"a copy of another key":                        {func(_ *Run, o *BaselineOptions) { newCopy(&o.Trust, "AA"+string(signer)[2:]) }, false},
		"a revocation of the key in a file of its own": {func(_ *Run, o *BaselineOptions) { keyOf(&o.Trust, string(signer)).SHA256 = digest(79) }, true},
		"the key has expired since":                    {func(r *Run, o *BaselineOptions) { keyOf(&o.Trust, string(signer)).Expires = Time{o.Time} }, true},
		"the key had expired before":                   {func(r *Run, o *BaselineOptions) { keyOf(&o.Trust, string(signer)).Expires = Time{r.Time} }, false},
		"the key expires later":                        {func(_ *Run, o *BaselineOptions) { keyOf(&o.Trust, string(signer)).Expires = Time{o.Time.Add(1)} }, false},
		"a signature that expires":                     {artifact(func(a *compare.Assessment) { a.PGP.Expires = run.Time.Add(9e15) }), true},
		"from the future, by the clock of the run": {artifact(func(a *compare.Assessment) {
			a.Verdict, a.PGP.Status, a.PGP.Reason = compare.Conflict, pgp.Rejected, pgp.FromFuture
		}), true},
		"merged, of one other program": {func(r *Run, _ *BaselineOptions) {
			r.Origins = []Origin{{r.Generator, Time{r.Time}}, {Generator{Name: "migrate", Version: "0"}, Time{r.Time}}}
		}, true},
		"merged, one part too old": {func(r *Run, _ *BaselineOptions) {
			r.Origins = []Origin{{r.Generator, Time{r.Time.Add(-24 * time.Hour)}}, {r.Generator, Time{r.Time}}}
		}, true},
		"the key is gone":       {func(_ *Run, o *BaselineOptions) { o.Trust.Keys = nil }, true},
		"just young enough":     {func(_ *Run, o *BaselineOptions) { o.MaxAge = 24*time.Hour + 1 }, false},
		"too old":               {func(_ *Run, o *BaselineOptions) { o.MaxAge = 24 * time.Hour }, true},
		"from the future":       {func(_ *Run, o *BaselineOptions) { o.Time = run.Time.Add(-time.Second) }, true},
		"carried over itself":   {artifact(func(a *compare.Assessment) { a.Verified = run.Time.Add(-23 * time.Hour) }), false},
		"carried over too long": {artifact(func(a *compare.Assessment) { a.Verified = run.Time.Add(-24 * time.Hour) }), true},
		"signed by another key": {artifact(func(a *compare.Assessment) { a.PGP.Certificate = pgp.Fingerprint("AA" + string(signer)[2:]) }), false},
		"unchecked":             {artifact(func(a *compare.Assessment) { a.Verdict = compare.Unchecked }), true},
		"could not be read":     {artifact(func(a *compare.Assessment) { a.Trouble = "no such file" }), true},
		"without bytes":         {artifact(func(a *compare.Assessment) { a.SHA256 = "" }), true},
		"key not at hand":       {artifact(func(a *compare.Assessment) { a.PGP.Status = pgp.UnknownKey }), true},
		"PGP not looked at":     {artifact(func(a *compare.Assessment) { a.PGP.Status = pgp.Unchecked }), true},
		"malformed .asc":        {artifact(func(a *compare.Assessment) { a.PGP.Status = pgp.Malformed }), true},
		"bundle not looked at":  {artifact(func(a *compare.Assessment) { a.Sigstore.Status = sigstore.Unchecked }), true},
		"incompatible":          {artifact(func(a *compare.Assessment) { a.Sigstore.Status = sigstore.Incompatible }), true},
		"failed":                {artifact(func(a *compare.Assessment) { a.Verdict, a.PGP.Status = compare.Failed, pgp.Bad }), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, o := baselineRun(), options()
			test.change(&r, &o)
			doc := New(r)
			b, err := NewBaseline([]*Document{doc}, o)
			if err != nil {
				t.Fatal(err)
			}
			a := doc.Artifacts[0]
			e, ok := b.Result(a.Place(), a.Name, a.Version)
			if ok == test.due || b.Len() == 1 == test.due {
				t.Fatalf("carried over: %v, want %v", ok, !test.due)
			}
			if !ok {
				return
			}
			want := doc.Created.Time
			if !r.Assessments[0].Verified.IsZero() {
				want = r.Assessments[0].Verified
			}
			if !e.Verified.Equal(want) || e.SHA256 != a.SHA256 || e.ETag != a.ETag || e.Bundle.SHA256 != digest(2) {
				t.Errorf("got %+v", e)
			}
			if _, ok := b.Result(a.Place(), a.Name, "3.99.0"); ok {
				t.Error("another version has the result as well")
			}
		})
	}
}

func keyOf(trust *Trust, fingerprint string) *Key {
	return &trust.Keys[slices.IndexFunc(trust.Keys, func(k Key) bool { return k.Fingerprint == fingerprint })]
}

// newCopy adds a copy of a key to those at hand.
func newCopy(trust *Trust, fingerprint string) {
	for i := range trust.Keys {
		if trust.Keys[i].Fingerprint == fingerprint {
			trust.Keys[i].Copies = append(trust.Keys[i].Copies, KeyCopy{Source: "new.asc", SHA256: digest(77)})
			trust.Keys[i].SHA256 = digest(78)
			return
		}
	}
	trust.Keys = append(trust.Keys, Key{Fingerprint: fingerprint, Copies: []KeyCopy{{Source: "new.asc", SHA256: digest(77)}}})
}

func TestBaselineTakesTheLatest(t *testing.T) {
	older, newer := baselineRun(), baselineRun()
	newer.Time = older.Time.Add(time.Hour)
	newer.Assessments[0].ETag = `"new"`
	opt := BaselineOptions{Generator: older.Generator, Trust: older.Trust, Time: newer.Time, MaxAge: time.Hour * 2}
	for _, docs := range [][]*Document{{New(older), New(newer)}, {New(newer), New(older)}} {
		b, err := NewBaseline(docs, opt)
		if err != nil {
			t.Fatal(err)
		}
		a := docs[0].Artifacts[0]
		if e, ok := b.Result(a.Place(), a.Name, a.Version); !ok || e.ETag != `"new"` {
			t.Errorf("got %v, %q", ok, e.ETag)
		}
	}
}
