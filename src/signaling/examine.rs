//! For `callbox doctor`: what the hub answers to a stranger, and what is behind TLS.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::Config;
pub use super::dial::Stream;
use super::dial::dial;
use super::tunnel;
use crate::config::Trust;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(6);
const MAX_BODY: usize = 16 * 1024;
const MAX_HEAD: usize = 16 * 1024;

/// What the hub answers to `GET /healthz`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// 200 when it works.
    pub status: u16,
    /// With name, connection and TLS.
    pub took: Duration,
    /// How many seconds this machine's clock is ahead of the one that wrote the `Date` header.
    pub ahead: Option<f64>,
}

/// Asks the hub whether it works, on a connection of its own. The error is for people.
pub async fn reach(config: &Config) -> Result<Reached, String> {
    let begun = Instant::now();
    let stream = dial(&config.url, &config.trust).await.map_err(|failure| failure.message)?;
    let request = Request::get(config.url.path("/healthz"))
        .header(header::HOST, config.url.authority())
        .header(header::USER_AGENT, &config.client.version)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let asked = SystemTime::now();
    let exchange = async {
        let builder = &mut hyper::client::conn::http1::Builder::new();
        let (mut sender, connection) = builder.max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await?;
        let answer = async move {
            let response = sender.send_request(request).await?;
            let (status, date) = (response.status().as_u16(), response.headers().get(header::DATE).cloned());
            // Of a length that a hub's answer has; what it says is not looked at.
            let _ = Limited::new(response.into_body(), MAX_BODY).collect().await;
            Ok::<_, hyper::Error>((status, date))
        };
        tokio::pin!(connection, answer);
        tokio::select! {
            answered = &mut answer => answered,
            ended = &mut connection => {
                ended?;
                answer.await
            }
        }
    };
    let authority = config.url.authority();
    let (status, date) = match timeout(ANSWER_TIMEOUT, exchange).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let hint = if error.is_parse() && !config.url.secure() { " (does it want TLS, wss:// in `hub.url`?)" } else { "" };
            return Err(format!("{authority} is there, but does not answer as a hub does: {error}{hint}"));
        }
        Err(_) => return Err(format!("{authority} took the connection and says nothing for {} s", ANSWER_TIMEOUT.as_secs())),
    };
    let ahead = date.and_then(|date| http_date(date.to_str().ok()?)).and_then(|theirs| {
        let (before, after) = (seconds(asked)?, seconds(SystemTime::now())?);
        // It is cut to whole seconds, half of one on average.
        Some(f64::midpoint(before, after) - (theirs as f64 + 0.5))
    });
    Ok(Reached { status, took: begun.elapsed(), ahead })
}

/// Opens TLS to a TURN server, which is judged as the tunnel for calls judges it. The error is for people.
pub async fn reach_tls(host: &str, port: u16, trust: &Trust) -> Result<Box<dyn Stream>, String> {
    Ok(Box::new(tunnel::reach(host, port, trust).await?))
}

fn seconds(time: SystemTime) -> Option<f64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7, the one form that is still written), as seconds since 1970.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let rest = text.split_once(", ")?.1.strip_suffix(" GMT")?;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as i64 + 1;
    let year: i64 = words.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok().filter(|value| (0..=60).contains(value)));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    // Days before this month, by Howard Hinnant's `days_from_civil`: the year begins in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_header_is_read() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400)),
            ("Sat, 21 Nov 2026 22:30:00 GMT", Some(1_795_300_200)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
            ("Sun, 06 Now 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(http_date(text), expected, "{text}");
        }
    }
}
