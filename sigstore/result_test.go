package sigstore_test

import (
	"testing"
	"time"

	"migrate/sigstore"
)

func TestStatusText(t *testing.T) {
	for s := sigstore.Unchecked; s <= sigstore.GoodFromLog; s++ {
		text, err := s.MarshalText()
		if err != nil || string(text) != s.String() {
			t.Errorf("%d: %q, %v, want %q", s, text, err, s)
		}
		var back sigstore.Status
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%q reads as %s, %v", text, back, err)
		}
	}
	none := sigstore.GoodFromLog + 1
	if _, err := none.MarshalText(); err == nil || none.String() != "sigstore.Status(10)" {
		t.Errorf("%s, %v", none, err)
	}
	for _, text := range []string{"", "Good", "good "} {
		if err := new(sigstore.Status).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is no status, but was read", text)
		}
	}
	if new(sigstore.Result).Status != sigstore.Unchecked {
		t.Error("a forgotten result is not unchecked")
	}
}

func TestResultTime(t *testing.T) {
	early, late := signing, signing.Add(time.Minute)
	for _, test := range []struct {
		result sigstore.Result
		want   time.Time
	}{
		{sigstore.Result{}, time.Time{}},
		{sigstore.Result{LogTime: late, Timestamps: []time.Time{early}}, late},
		{sigstore.Result{Timestamps: []time.Time{late, early}}, early},
	} {
		if got := test.result.Time(); !got.Equal(test.want) {
			t.Errorf("%+v: %s, want %s", test.result, got, test.want)
		}
	}
}
