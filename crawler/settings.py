"""Scrapy's settings. What a site file decides (pace, robots, browser, user agent) the spider sets for each run."""

BOT_NAME = "tracemark"
SPIDER_MODULES = ["crawler.spiders"]

# A page is one Visit: everything else that Scrapy could do with it is left out.
SCHEDULER = "crawler.scheduler.FrontierScheduler"
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.AddressGuard": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.StrictRobots": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # the frontier tries again, durably
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,  # only a site file names a proxy
    "crawler.middlewares.ExchangeKeeper": 950,  # nearest to the network: sees bytes as they were served
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # an error page is evidence too
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS = {
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False  # it would carry out what it is sent at a port of this machine
TWISTED_DNS_RESOLVER = "crawler.resolver.GuardedResolver"
DOWNLOAD_HANDLERS = {
    "http": "crawler.downloading.BoundedHandler",
    "https": "crawler.downloading.BoundedHandler",
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}

# Bounds: a hostile or broken page costs at most this.
DOWNLOAD_MAXSIZE = 32_000_000
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 8
CONCURRENT_ITEMS = 1  # a callback hands over one page; Scrapy starts this many tasks for each
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Tracemark"
COOKIES_ENABLED = True
DOWNLOAD_VERIFY_CERTIFICATES = True
REFERRER_POLICY = "no-referrer"

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
LOG_INSTALL_ROOT_HANDLER = False  # what Scrapy says goes where all logs go (pipelines/logs.py), without contacts
LOG_FORMATTER = "scrapy.logformatter.LogFormatter"
