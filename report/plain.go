package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"migrate/pgp"
	"migrate/sigstore"
)

// Text writes a few plain lines for each artifact: the verdict, both answers
// with who signed, and the findings. It is what one asks of one artifact.
func Text(w io.Writer, d *Document) error {
	var b bytes.Buffer
	for i := range d.Artifacts {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.Artifacts[i].text(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (a *Artifact) text(b *bytes.Buffer) {
	line := func(label, value string) { fmt.Fprintf(b, "  %-9s %s\n", label, Escape(value)) }
	fmt.Fprintf(b, "%s: %s\n", Escape(a.Name), a.Verdict)
	if a.SHA256 != "" {
		line("sha256", a.SHA256)
	}
	line("PGP", a.PGP.text())
	line("Sigstore", a.Sigstore.text())
	if a.Trouble != "" {
		line("trouble", a.Trouble)
	}
	for _, f := range a.Findings {
		line(f.Level.String(), fmt.Sprintf("%s: %s", f.Code, f.Message))
	}
}

func (p *PGP) text() string {
	if p.Status == pgp.Unchecked && p.Reason == pgp.NotAsked {
		return "not asked for"
	}
	parts := []string{statusText(p.Status.String(), string(p.Reason))}
	if p.Certificate != "" {
		parts = append(parts, "by "+cmp.Or(p.SignerName, p.UserID), "key "+p.Certificate)
	}
	if p.SigningKey != p.Certificate {
		parts = append(parts, "subkey "+p.SigningKey)
	}
	if p.Hash != "" {
		parts = append(parts, strings.TrimSpace(p.Algorithm+" "+p.Hash))
	}
	if !p.Created.IsZero() {
		parts = append(parts, "made "+p.Created.Format(time.RFC3339))
	}
	return withDetail(parts, p.Detail)
}

func (s *Sigstore) text() string {
	if s.Status == sigstore.Unchecked && s.Reason == sigstore.NotAsked {
		return "not asked for"
	}
	parts := []string{statusText(s.Status.String(), string(s.Reason))}
	if s.Status == sigstore.GoodFromLog {
		parts[0] = statusText(fromTheLog())
	}
	if s.Identity.SAN != "" {
		parts = append(parts, fmt.Sprintf("by %s (%s)", s.Identity.SAN, s.Identity.Issuer))
	}
	if s.BundleVersion != "" {
		parts = append(parts, "bundle v"+s.BundleVersion)
	}
	if s.LogIndex != nil {
		entry := fmt.Sprintf("log entry %d", *s.LogIndex)
		if !s.LogTime.IsZero() {
			entry += " of " + s.LogTime.Format(time.RFC3339)
		}
		parts = append(parts, entry)
	}
	return withDetail(parts, s.Detail)
}

func statusText(status, reason string) string {
	if reason == "" {
		return status
	}
	return status + " (" + reason + ")"
}

func withDetail(parts []string, detail string) string {
	line := strings.Join(parts, ", ")
	if detail != "" {
		line += ": " + detail
	}
	return line
}
