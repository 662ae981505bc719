package cycle

import (
	"fmt"
	"regexp"
	"time"
)

// Date is a day, or a month where no more is known: its Day is 0 then. The zero
// value is no date. It is comparable with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Dates are from these years: what lies centuries ahead is a slip, and would
// stretch every timeline.
const (
	FirstYear = 1980
	LastYear  = 2099
)

var dateForm = regexp.MustCompile(`^\d{4}-\d\d(?:-\d\d)?$`)

// ParseDate reads "2025-10-31" or "2029-10", of the years FirstYear to LastYear.
func ParseDate(s string) (Date, error) {
	layout := time.DateOnly
	if len(s) < len(layout) {
		layout = "2006-01"
	}
	t, err := time.Parse(layout, s)
	if err != nil || !dateForm.MatchString(s) || t.Year() < FirstYear || t.Year() > LastYear {
		return Date{}, fmt.Errorf("%s is not a date: want one like 2025-10-31 or 2029-10", quoted(s))
	}
	d := Date{t.Year(), t.Month(), t.Day()}
	if layout != time.DateOnly {
		d.Day = 0
	}
	return d, nil
}

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date {
	t = t.UTC()
	return Date{t.Year(), t.Month(), t.Day()}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String returns d as ParseDate reads it, and "" for no date.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Start returns the first moment of d, in UTC.
func (d Date) Start() time.Time {
	return time.Date(d.Year, d.Month, max(d.Day, 1), 0, 0, 0, 0, time.UTC)
}

// End returns the first moment after d, in UTC: of a month, that of the next.
func (d Date) End() time.Time {
	if d.Day == 0 {
		return d.Start().AddDate(0, 1, 0)
	}
	return d.Start().AddDate(0, 0, 1)
}

// PastAt reports whether d is over at t. No date is never over. A month is over
// with its last day: 3.9 was to end in 2025-10, and its last release came on
// the 31st.
func (d Date) PastAt(t time.Time) bool { return !d.IsZero() && !t.Before(d.End()) }

// MarshalText returns String, and an error for what is no date.
func (d Date) MarshalText() ([]byte, error) {
	if e, err := ParseDate(d.String()); err != nil || e != d {
		return nil, fmt.Errorf("no such date: %d-%d-%d", d.Year, d.Month, d.Day)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(text []byte) error {
	e, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = e
	return nil
}
