-- How often credentials ask, counted for all servers. What is lost with a crash of the database is a second's
-- count, so nothing of it is logged.
CREATE UNLOGGED TABLE rate (
    name text PRIMARY KEY,
    rest double precision NOT NULL,
    granted double precision NOT NULL, -- to who asked last
    at double precision NOT NULL -- seconds since 1970, by the database's clock
);
